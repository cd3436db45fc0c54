"""What the public answers, and what staff do with it."""

from django.urls import path

from responses.views import batching, books, campaigns, coding, metrics, receipts, responding, reviewing, staff

urlpatterns = [
    path("receipt/<str:token>/", receipts.receipt, name="receipt"),
    path("receipt/<str:token>/copy.txt", receipts.receipt_text, name="receipt-text"),
    path("receipt/<str:token>/copy.pdf", receipts.receipt_pdf, name="receipt-pdf"),
    path("receipt/<str:token>/address/", receipts.correct, name="correct-address"),
    path("receipt/<str:token>/change/", receipts.amend, name="amend"),
    path("receipt/<str:token>/withdraw/", receipts.withdraw, name="withdraw"),
    path("receipt/<str:token>/equality/", receipts.equality, name="equality"),
    path("receipt/<str:token>/equality/stop/", receipts.stop_equality, name="stop-equality"),
    path("metrics", metrics.metrics, name="metrics"),
    path("staff/sign-in/", staff.sign_in, name="sign-in"),
    path("staff/sign-out/", staff.sign_out, name="sign-out"),
    path("staff/new-password/", staff.new_password, name="new-password"),
    path("staff/responses/", reviewing.review_list, name="review-list"),
    path("staff/responses/<str:reference>/", reviewing.review_one, name="review-one"),
    path("staff/campaigns/", campaigns.campaign_list, name="campaign-list"),
    path("staff/campaigns/search/", campaigns.search_now, name="search-now"),
    path("staff/campaigns/found/<int:pk>/", campaigns.cluster, name="cluster"),
    path("staff/campaigns/<int:pk>/", campaigns.campaign, name="campaign"),
    path("staff/campaigns/<int:pk>/change/", campaigns.change_campaign, name="change-campaign"),
    path("staff/codes/", coding.code_questions, name="code-questions"),
    path("staff/codes/<slug:consultation>/<slug:question>/", coding.codebook, name="codebook"),
    path("staff/codes/<slug:consultation>/<slug:question>/answers/", coding.code_answers, name="code-answers"),
    path("staff/codes/<slug:consultation>/<slug:question>/<int:pk>/", coding.code, name="code"),
    path("staff/batches/", batching.batch_list, name="batch-list"),
    path("staff/books/", books.books, name="books"),
    path("staff/books/now/", books.prove_now, name="books-now"),
    path("staff/batches/now/", batching.batch_now, name="batch-now"),
    path("staff/batches/<slug:consultation>/<int:number>/<str:name>", batching.batch_file, name="batch-file"),
    path("<slug:consultation>/respond/", responding.tasks, name="tasks"),
    path("<slug:consultation>/respond/check/", responding.check, name="check"),
    path("<slug:consultation>/respond/send/", responding.send, name="send"),
    path("<slug:consultation>/respond/discard/", responding.discard, name="discard"),
    path("<slug:consultation>/respond/<slug:part>/", responding.part, name="part"),
]
