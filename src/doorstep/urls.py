"""Every address of the console and the pages. Webhooks are not here: they never reach Django (``web.hooks``)."""

from django.urls import include, path

from doorstep.web import accounts
from doorstep.web.console import (
    board,
    connections,
    dry_run,
    given_up,
    imports,
    look,
    order,
    resync,
    rules,
    start,
    teach,
)
from doorstep.web.page import find
from doorstep.web.page import order as page

urlpatterns = [
    path("", board.show, name="board"),
    path("tabs", board.tabs, name="board_tabs"),
    path("resync", resync.show, name="board_resync"),
    path("resync/ask", resync.ask, name="board_resync_ask"),
    path("resync/<int:resync_id>/cancel", resync.cancel, name="board_resync_cancel"),
    path("recognize", start.show, name="recognize"),
    path("orders/<int:order_id>", order.show, name="order"),
    path("orders/<int:order_id>/numbers", order.type_number, name="type_number"),
    path("orders/<int:order_id>/numbers/<int:number_id>/carrier", order.change_carrier, name="change_carrier"),
    path("orders/<int:order_id>/numbers/<int:number_id>/remove", order.remove_number, name="remove_number"),
    path("orders/<int:order_id>/parcels/<int:parcel_id>/resync", order.ask, name="resync"),
    path("orders/<int:order_id>/pushes/<int:push_id>/again", order.push_again, name="push_again"),
    path("orders/<int:order_id>/pushes/<int:push_id>/withdraw", order.withdraw, name="push_withdraw"),
    path("orders/<int:order_id>/push", order.push_old, name="push_old"),
    path("orders/<int:order_id>/dry-run", dry_run.show, name="dry_run"),
    path("orders/<int:order_id>/page", order.page_link, name="page_link"),
    path("given-up", given_up.show, name="given_up"),
    path("given-up/all", given_up.all_again, name="given_up_all"),
    path("given-up/<int:outbox_id>", given_up.act, name="given_up_act"),
    path("import", imports.show_all, name="imports"),
    path("import/bring", imports.bring, name="import_bring"),
    path("import/template.csv", imports.template, name="import_template"),
    path("import/<int:inbox_id>", imports.show, name="import"),
    path("import/<int:inbox_id>/do", imports.act, name="import_act"),
    path("look", look.show, name="look"),
    path("look/upload", look.upload, name="upload"),
    path("look/<int:inbox_id>", look.decide, name="decide"),
    path("look/taught", teach.show_all, name="taught"),
    path("look/taught/<int:rule_id>/forget", teach.forget, name="unteach"),
    path("look/<int:inbox_id>/mail", teach.show, name="mail"),
    path("look/<int:inbox_id>/teach", teach.keep, name="teach"),
    path("connections", connections.show_all, name="connections"),
    path("connections/mailbox", connections.make_mailbox, name="make_mailbox"),
    path("connections/granted", connections.granted, name="granted"),
    path("connections/new", connections.choose, name="connect_choose"),
    path("connections/new/<slug:kind>/<slug:name>", connections.make, name="connect"),
    path("connections/<int:connection_id>", connections.show, name="connection"),
    path("connections/<int:connection_id>/do", connections.act, name="connection_act"),
    path("connections/<int:connection_id>/lookup", connections.lookup_link, name="lookup_link"),
    path("connections/<int:connection_id>/rules", rules.show, name="rules"),
    path("connections/<int:connection_id>/rules/again", rules.push_again, name="rules_again"),
    path("t/<str:token>", page.show, name="page"),
    path("t/<str:token>/resync", page.ask, name="page_resync"),
    path("find/<str:token>", find.find, name="find"),
    path("accounts/email/", accounts.no_such_page),  # members' addresses prove their mails: not changed unverified
    path("accounts/", include("allauth.account.urls")),
]
