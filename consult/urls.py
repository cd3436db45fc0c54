"""The whole site on one screen: what the public reads here, what it answers and what staff do in responses.urls."""

from django.urls import include, path

from consult import admin, health, views

urlpatterns = [
    path("", views.home, name="home"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", views.favicon, name="favicon"),
    path(".well-known/security.txt", views.security_contact, name="security-contact"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("privacy/", views.privacy, name="privacy"),
    path("safety/", views.safety, name="safety"),
    path("admin/", admin.site.urls),
    path("", include("responses.urls")),
    path("<slug:consultation>/", views.start, name="start"),
    path("<slug:consultation>/sections/<slug:section>/", views.section, name="section"),
    path("<slug:consultation>/recommendations/<slug:recommendation>/", views.recommendation, name="recommendation"),
    path("<slug:consultation>/how-to-respond/", views.how_to_respond, name="how-to-respond"),
    path("<slug:consultation>/sources/", views.sources, name="sources"),
]

handler400 = views.bad_request
handler403 = views.permission_denied
handler404 = views.page_not_found
handler500 = views.server_error
