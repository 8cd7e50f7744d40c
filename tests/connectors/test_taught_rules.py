"""What a mark in one mail teaches about every mail of its sender."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.connectors.mail import taught
from doorstep.connectors.mail.html import Link
from doorstep.connectors.mail.read import read_mail
from doorstep.connectors.mail.taught import How, Rule, What, as_data, derive, found, from_data, marks
from tests.connectors.test_mail_letters import page, plain

TEXT = "Order 1001 shipped\nHello Ana\nDispatch code:  QX77-1029384\nUnit\tNo.\nA\t889977665\nplain"
LINKS = (
    Link(url="https://track.odd.example/p/TT00112233/view?lang=en", words="Track", at=0),
    Link(url="https://odd.example/o?code=ZZ998877665", words="Order", at=0),
    Link(url="https://[broken", words="x", at=0),
)


@pytest.mark.parametrize(
    ("marked", "how", "place"),
    [
        ("QX77-1029384", How.LABEL, "dispatch code"),
        (" QX77-1029384 ", How.LABEL, "dispatch code"),
        ("889977665", How.LABEL, "a"),
        ("1001", How.LABEL, "order"),
        ("TT00112233", How.LINK, "track.odd.example"),
        ("ZZ998877665", How.LINK, "odd.example"),
    ],
)
def test_a_mark_teaches_its_place(marked, how, place):
    rule = derive(TEXT, LINKS, marked, What.TRACKING)
    assert rule and (rule.how, rule.label or rule.host) == (how, place)
    assert found(rule, TEXT, LINKS) == (marked.strip(),)


def test_a_place_holds_in_other_mails():
    label = derive(TEXT, LINKS, "QX77-1029384", What.TRACKING)
    assert label and found(label, "Hi\nDISPATCH CODE\n\nQX77-5 and later\ndispatch code: none yet", ()) == ("QX77-5",)
    link = derive(TEXT, LINKS, "TT00112233", What.TRACKING)
    other = Link(url="https://track.odd.example/p/TT99887766/view", words="", at=0)
    assert link and found(link, "", (other, LINKS[1])) == ("TT99887766",)
    query = derive(TEXT, LINKS, "ZZ998877665", What.ORDER)
    assert query and query.what is What.ORDER and query.key == "code"
    assert found(query, "", (Link(url="https://odd.example/o?x=1&code=ZZ1", words="", at=0),)) == ("ZZ1",)


def test_where_nothing_names_it_its_shape_does():
    rule = derive("QX77-1029384\nhello", (), "QX77-1029384", What.TRACKING)
    assert rule and (rule.how, rule.shape) == (How.SHAPE, "QX99-9999999")
    assert found(rule, "say QX12-7654321, not XQX12-7654321 nor QX12-76543210", ()) == ("QX12-7654321",)


@pytest.mark.parametrize("marked", ["", "12345", "not in it at all", "Ana"])
def test_what_tells_no_place_teaches_nothing(marked):
    assert derive("12345\nno words", (), marked, What.TRACKING) is None


def test_groups_are_read_as_groups():
    text = "Parcel no 00 340 434 161\nbye"
    rule = derive(text, (), "00 340 434 161", What.TRACKING)
    assert rule and found(rule, "Parcel no 00 111 222 333\nthanks 5", ()) == ("00 111 222 333",)


def test_rules_survive_being_stored():
    for marked in ("QX77-1029384", "TT00112233"):
        rule = derive(TEXT, LINKS, marked, What.NEITHER)
        assert rule and from_data(as_data(rule)) == rule
    with pytest.raises(ValueError, match="nonsense"):
        from_data({"what": "nonsense", "how": "label"})


def test_what_can_be_marked_is_listed_once_with_what_stands_before():
    listed = {one.text: one.before for one in marks(TEXT + "\nagain QX77-1029384", LINKS)}
    assert listed["QX77-1029384"] == "dispatch code" and listed["1001"] == "order"
    assert listed["TT00112233"] == "track.odd.example" and listed["ZZ998877665"] == "odd.example code"
    assert len(marks("\n".join(f"x{n:09}" for n in range(9000)), ())) == taught.MAX_MARKS


def test_a_rule_counts_for_its_sender_only():
    rule = Rule(what=What.TRACKING, how=How.LABEL, label="dispatch code")
    body = "Dispatch code: QX77-1029384"
    assert [one.number for one in read_mail(plain(body), {"b.example": [rule]}).tracking] == ["QX771029384"]
    assert read_mail(plain(body), {"c.example": [rule]}).tracking == ()


def test_neither_is_stronger_than_any_label_and_orders_can_be_taught():
    text = "Tracking number: RR123456785PL"
    never = Rule(what=What.NEITHER, how=How.LABEL, label="tracking number")
    facts = read_mail(plain(text), {"b.example": [never]})
    assert facts.tracking == () and [one.why.id for one in facts.rejected] == ["mail.rejected.taught"]
    order = Rule(what=What.ORDER, how=How.LABEL, label="tracking number")
    assert read_mail(plain(text), {"b.example": [order]}).orders == ("RR123456785PL",)
    link = Rule(what=What.TRACKING, how=How.LINK, host="t.odd.example", path="/p/")
    mail = page('<a href="https://t.odd.example/p/778812">x</a>')
    assert [one.number for one in read_mail(mail, {"b.example": [link]}).tracking] == ["778812"]


@given(text=st.text(max_size=200), marked=st.text(max_size=30), url=st.text(max_size=60))
def test_no_mark_makes_it_raise(text, marked, url):
    links = (Link(url=url, words="", at=0),)
    rule = derive(text, links, marked, What.TRACKING)
    if rule:
        found(rule, text, links)
    marks(text, links)
