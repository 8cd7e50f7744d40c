"""Numbers given to stores."""

from doorstep.app.push import pushes
from doorstep.app.records.page import Page
from doorstep.app.records.pushes import Push, State, Wanted
from doorstep.app.records.pushes import push as one_push
from doorstep.app.records.pushes import pushes as some_pushes
from doorstep.web.api.kinds import Id, whole
from doorstep.web.api.problem import Declined
from doorstep.web.api.route import Ask, Listed, Shown, route


class PushesQuery(Listed, kw_only=True, forbid_unknown_fields=True):
    """Which pushes."""

    state: State | None = None
    store_id: Id | None = None
    order_id: Id | None = None
    parcel_id: Id | None = None


@route("GET", "/pushes", "pushes:read", steady=True)
def list_pushes(ask: Ask, query: PushesQuery) -> Page[Push]:
    """Pushes, the newest first."""
    wanted = Wanted(
        state=query.state,
        store_id=whole(query.store_id),
        order_id=whole(query.order_id),
        parcel_id=whole(query.parcel_id),
    )
    return some_pushes(ask.ws, wanted, query.limit, query.cursor, ask.fields)


@route("GET", "/pushes/{push_id}", "pushes:read", steady=True)
def get_push(ask: Ask, query: Shown, push_id: int) -> Push:
    """One push."""
    found = one_push(ask.ws, push_id, ask.fields)
    if found is None:
        raise Declined("not_found")
    return found


@route("POST", "/pushes/{push_id}/withdraw", "pushes:write")
def withdraw_push(ask: Ask, push_id: int) -> Push:
    """Take a number out of the store again, where its channel can; else the problem says how to do it there by hand."""
    pushes.withdraw(ask.ws, push_id, ask.actor)
    return get_push(ask, Shown(), push_id)


@route("POST", "/pushes/{push_id}/retry", "pushes:write")
def retry_push(ask: Ask, push_id: int) -> Push:
    """Send once more what was refused or given up. What may have arrived is looked up in the store first."""
    pushes.try_again(ask.ws, push_id, ask.actor)
    return get_push(ask, Shown(), push_id)
