"""The addresses of reading and coding one after another, and of codebooks as files."""

from django.urls import path

from responses.reviewing.views import answer_grid, codebook_files, pace, reading_screen

urlpatterns = [
    path("staff/read/", reading_screen.read_next, name="read-next"),
    path("staff/read/who/", reading_screen.who_is_here, name="who-is-here"),
    path("staff/read/pace/", pace.reading_pace, name="reading-pace"),
    path("staff/read/<str:reference>/", reading_screen.read_one, name="read-one"),
    path(
        "staff/codes/<slug:consultation>/<slug:question>/grid/",
        answer_grid.answer_grid,
        name="answer-grid",
    ),
    path(
        "staff/codes/<slug:consultation>/<slug:question>/take/",
        codebook_files.take_codebook_file,
        name="take-codebook",
    ),
    path(
        "staff/codes/<slug:consultation>/<slug:question>/codebook.<str:kind>",
        codebook_files.codebook_file,
        name="codebook-file",
    ),
]
