"""The addresses of the whole site: what the public reads here; responding and staff's work in
responses.urls.
"""

from django.urls import include, path

from consult import admin
from consult.setting_up.views import consultations, editing, files, preview, publishing
from consult.views import errors, pages
from consult.web import health

urlpatterns = [
    path("", pages.home, name="home"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("robots.txt", pages.robots, name="robots"),
    path("colour.css", pages.site_colour, name="site-colour"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path(".well-known/security.txt", pages.security_contact, name="security-contact"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("privacy/", pages.privacy, name="privacy"),
    path("safety/", pages.safety, name="safety"),
    path("security/", pages.security, name="security"),
    path("admin/", admin.site.urls),
    path("staff/set-up/", files.set_up, name="set-up"),
    path("staff/set-up/new/", files.begin, name="begin-plan-file"),
    path("staff/set-up/files/<int:pk>/", files.plan_file, name="plan-file"),
    path("staff/set-up/files/<int:pk>/text/", files.plan_file_text, name="plan-file-text"),
    path(
        "staff/set-up/files/<int:pk>/plan.yaml", files.plan_file_download, name="plan-file-download"
    ),
    path("staff/set-up/files/<int:pk>/delete/", files.plan_file_delete, name="plan-file-delete"),
    path(
        "staff/set-up/files/<int:pk>/publish/",
        publishing.publish_plan_file,
        name="publish-plan-file",
    ),
    path("staff/set-up/files/<int:pk>/preview/<slug:state>/", preview.preview, name="preview"),
    path(
        "staff/set-up/files/<int:pk>/preview/<slug:state>/<path:path>",
        preview.preview,
        name="preview",
    ),
    path(
        "staff/set-up/files/<int:pk>/pages/<slug:name>/",
        editing.plan_file_page,
        name="plan-file-page",
    ),
    path(
        "staff/set-up/files/<int:pk>/<str:name>/<str:number>/",
        editing.plan_file_entry,
        name="plan-file-entry",
    ),
    path(
        "staff/set-up/consultations/<slug:slug>/",
        consultations.set_up_consultation,
        name="set-up-consultation",
    ),
    path(
        "staff/set-up/consultations/<slug:slug>/change/",
        consultations.change_consultation,
        name="change-consultation",
    ),
    path("", include("responses.urls")),
    path("<slug:consultation>/", pages.start, name="start"),
    path("<slug:consultation>/sections/<slug:section>/", pages.section, name="section"),
    path(
        "<slug:consultation>/recommendations/<slug:recommendation>/",
        pages.recommendation,
        name="recommendation",
    ),
    path("<slug:consultation>/how-to-respond/", pages.how_to_respond, name="how-to-respond"),
    path("<slug:consultation>/closing.ics", pages.closing_calendar, name="closing-event"),
    path("<slug:consultation>/sources/", pages.sources, name="sources"),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error
