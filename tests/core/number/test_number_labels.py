"""Words before a number, in the languages of shops: what they claim, and what they keep from being taken."""

import tomllib
from importlib.resources import files

import pytest

from doorstep.core.number import extract
from doorstep.core.number.label import WORD, labels_in

NUMBER = "471928365"  # nine digits: only a word beside them can make them a number
KINDS = tomllib.loads(files("doorstep.core.number").joinpath("labels.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "Tracking number: {}",
        "Your consignment note number is {}.",
        "Sendungsnummer: {}",
        "Ihre Paket-ID lautet {}.",
        "Numéro de suivi : {}",
        "Référence du colis : {}",
        "Número de seguimiento: {}",
        "Nº de guía {}",
        "Codice tracking: {}",
        "Código de rastreio: {}",
        "Track & trace-code: {}",
        "Kolli-ID: {}",
        "Sporingskode {}",
        "Pakkenr.: {}",
        "Lähetystunnus: {}",
        "Numer przesyłki: {}",
        "Sledovací kód: {}",
        "Číslo zásielky: {}",
        "Csomagazonosító: {}",
        "AWB nr. {}",
        "Κωδικός αποστολής: {}",
        "Номер на товарителница: {}",
        "Broj pošiljke: {}",
        "Sledilna številka: {}",
        "Siuntos kodas: {}",
        "Sūtījuma numurs: {}",
        "Saadetise jälgimiskood: {}",
        "Kargo takip no: {}",
        "Трек-код: {}",
        "Номер експрес-накладної: {}",
        "追跡番号:{}",
        "荷物お問い合わせ番号 {}",
        "运单号:{}",
        "包裹編號:{}",
        "운송장번호: {}",
        "Mã vận đơn: {}",
        "Nomor resi: {}",
        "Nombor penjejakan: {}",
        "หมายเลขติดตามพัสดุ: {}",
        "رقم تتبع الشحنة: {}",
        "کد رهگیری: {}",
        "מספר מעקב: {}",
        "ट्रैकिंग नंबर: {}",
    ],
)
def test_a_label_makes_digits_a_number(text):
    assert [one.number for one in extract(text.format(NUMBER))] == [NUMBER]


@pytest.mark.parametrize(
    "text",
    [
        "Tracking soon. Your order number is {}.",
        "Sendungsverfolgung folgt. Auftragsnr. {}",
        "Suivi à venir. Référence de commande : {}",
        "Seguimiento pronto. Número de cliente: {}",
        "Tracking in arrivo. Codice cliente: {}",
        "Rastreio em breve. Nota fiscal {}",
        "Track & trace volgt. Factuurnummer {}",
        "Spårning följer. Kundnummer {}",
        "Seuranta tulossa. Viitenumero {}",
        "Przesyłka w drodze. Nr zamówienia {}",
        "Zásilka odeslána. Variabilní symbol {}",
        "Csomagszám később. Rendelési szám: {}",
        "AWB în curând. Număr factură: {}",
        "Παρακολούθηση σύντομα. Αριθμός παραγγελίας: {}",
        "Takip no yakında. Sipariş numarası: {}",
        "Трек-номер позже. Номер вашего заказа: {}",
        "追跡番号は後ほど。ご注文番号:{}",
        "运单号稍后提供。订单编号:{}",
        "운송장번호는 나중에. 주문번호: {}",
        "Nomor resi menyusul. Nomor pesanan: {}",
        "رقم التتبع لاحقا. رقم الفاتورة: {}",
        "מספר מעקב בקרוב. מספר ההזמנה: {}",
    ],
)
def test_another_label_keeps_digits_from_being_one(text):
    assert extract(text.format(NUMBER)) == ()


def test_no_label_is_of_two_kinds():
    kinds: dict[str, set[str]] = {}
    for kind, labels in KINDS.items():
        for label in labels:
            kinds.setdefault(" ".join(WORD.findall(label.lower())), set()).add(kind)
    assert [label for label, said in kinds.items() if len(said) > 1 or not label] == []


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_label_is_found_where_it_stands(kind):
    assert [label for label in KINDS[kind] if {one.kind for one in labels_in(label)} != {kind}] == []
