"""The pages of the register of points, and of those who decide."""

from django.urls import path

from responses.deciding.views import outcomes, packs, points, register, report, weighing

urlpatterns = [
    path("<slug:consultation>/outcome/points/", outcomes.outcome_points, name="outcome-points"),
    path("receipt/<str:token>/points/", outcomes.own_points, name="own-points"),
    path("staff/points/<slug:consultation>/publish/", outcomes.publish, name="publish-outcomes"),
    path("staff/report/<slug:consultation>/", report.report, name="report"),
    path("staff/report/<slug:consultation>/<str:name>", report.report_download, name="report-file"),
    path("staff/points/", register.points, name="points"),
    path("staff/points/<slug:consultation>/", register.register, name="register"),
    path("staff/points/<slug:consultation>/nowhere/", weighing.nowhere, name="nowhere"),
    path(
        "staff/points/<slug:consultation>/letters/<int:campaign>/",
        weighing.same_letters,
        name="same-letters",
    ),
    path("staff/points/<slug:consultation>/weigh/", weighing.weigh, name="weigh"),
    path("staff/points/<slug:consultation>/<int:number>/", points.point, name="point"),
    path("staff/points/<slug:consultation>/packs/", packs.seal, name="seal-pack"),
    path("staff/decide/", packs.packs_to_decide, name="packs-to-decide"),
    path("staff/decide/<slug:consultation>/<int:number>/", packs.pack, name="pack"),
    path(
        "staff/decide/<slug:consultation>/<int:number>/files/<str:name>",
        packs.pack_file,
        name="pack-file",
    ),
    path(
        "staff/decide/<slug:consultation>/<int:number>/<int:point>/",
        packs.pack_point,
        name="pack-point",
    ),
]
