"""Addresses of the pages."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.i18n import set_language

from forain.web import auth, connect, dashboard, hooks, links, lists

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("first/<str:token>", auth.first, name="first"),
    path("login", auth.log_in, name="login"),
    path("logout", auth.log_out, name="logout"),
    path("language", login_not_required(set_language), name="set_language"),
    path("shops/add", connect.add_shop, name="add_shop"),
    path("shops/<int:number>", connect.shop, name="shop"),
    path("shops/<int:number>/secrets", connect.enter_shop_secrets, name="enter_shop_secrets"),
    path("accounts/add/<slug:marketplace>", connect.add_account, name="add_account"),
    path("accounts/<int:number>", connect.account, name="account"),
    path("accounts/<int:number>/renew", connect.renew, name="renew"),
    path("accounts/<int:number>/token", connect.enter_token, name="enter_token"),
    path("accounts/<int:number>/secret", connect.enter_secret, name="enter_secret"),
    path("accounts/<int:number>/disconnect", connect.disconnect, name="disconnect"),
    path("accounts/<int:number>/pause", connect.pause, name="pause"),
    path("accounts/<int:number>/sites/<str:site>", connect.allow_site, name="allow_site"),
    path("accounts/<int:number>/links", links.link_list, name="links"),
    path("accounts/<int:number>/links/decide", links.decide, name="decide_link"),
    path("accounts/<int:number>/links.csv", links.csv_out, name="links_csv"),
    path("accounts/<int:number>/links/upload", links.csv_in, name="links_upload"),
    path("offers", lists.offer_list, name="offers"),
    path("offers/<int:number>", lists.offer, name="offer"),
    path("orders", lists.order_list, name="orders"),
    path("orders/<int:number>", lists.order, name="order"),
    path("orders/<int:number>/retry", lists.retry_order, name="retry_order"),
    path("orders/<int:number>/aside", lists.put_order_aside, name="put_order_aside"),
    path("issues", lists.issue_list, name="issues"),
    path("journal", lists.journal, name="journal"),
    path("health", lists.health, name="health"),
    path("healthz", lists.healthz, name="healthz"),
    path("hooks/<str:name>", hooks.hook, name="hook"),
    path("hooks/<str:name>/<str:topic>", hooks.hook),
    path("<slug:marketplace>/callback", connect.callback, name="callback"),
    path("<slug:marketplace>/login", connect.arrival, name="arrival"),
]
