"""Which column holds what, by the name in its first row, in the languages that suppliers' exports are written in."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

FIELDS: Final = ("order", "number", "carrier", "sku", "quantity", "shipped")
NEEDED: Final = ("order", "number")

# Names as ``plain`` writes them. Where a file has several of a field, the one named earlier here is taken.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "order": (
        *("order", "ordernumber", "orderno", "ordernr", "orderid", "ordername", "ponumber", "reference"),
        *("bestellnummer", "bestellnr", "bestellung", "auftragsnummer", "auftragsnr", "auftrag"),
        *("commande", "numerodecommande", "ncommande", "ndecommande", "refcommande"),
        *("pedido", "numerodepedido", "npedido", "ndepedido", "numpedido", "iddepedido", "numerodopedido"),
        *("encomenda", "numerodaencomenda", "ordine", "numeroordine", "numerodordine", "nordine"),
        *("bestelnummer", "bestelling", "ordernummer", "zamowienie", "numerzamowienia", "nrzamowienia"),
        *("bestallning", "ordrenummer", "tilausnumero", "siparisno", "siparisnumarasi", "номерзаказа", "заказ"),
        *("订单号", "订单编号", "訂單號", "訂單編號", "注文番号", "주문번호"),
    ),
    "number": (
        *("trackingnumber", "trackingno", "trackingnr", "trackingcode", "trackingid", "tracking", "trackingnumbers"),
        *("tracknumber", "awb", "waybill", "waybillnumber", "consignmentnumber", "shipmentnumber", "parcelnumber"),
        *("sendungsnummer", "sendungsnr", "paketnummer", "trackingnummer", "sendungsverfolgungsnummer"),
        *("numerodesuivi", "nsuivi", "ndesuivi", "suivi", "numerosuivi", "codesuivi"),
        *("numerodeseguimiento", "seguimiento", "codigodeseguimiento", "nseguimiento", "guia", "numerodeguia"),
        *("rastreio", "codigoderastreio", "numeroderastreio", "codigoderastreamento", "rastreamento"),
        *("tracciamento", "numeroditracciamento", "codiceditracciamento", "letteradivettura", "ldv"),
        *("trackandtrace", "tracktrace", "trackandtracecode", "numerprzesylki", "nrprzesylki", "numersledzenia"),
        *("sparningsnummer", "sporingsnummer", "seurantanumero", "takipno", "takipnumarasi", "трекномер", "трек"),
        *(
            "运单号",
            "物流单号",
            "快递单号",
            "跟踪号",
            "追踪号",
            "運單號",
            "追蹤號碼",
            "物流單號",
            "追跡番号",
            "伝票番号",
            "운송장번호",
        ),
    ),
    "carrier": (
        *("carrier", "carriername", "trackingcompany", "shippingcarrier", "courier", "shippingcompany", "shipper"),
        *("versanddienstleister", "paketdienst", "versender", "versandunternehmen", "spediteur"),
        *("transporteur", "transporteurnom", "transportista", "empresadetransporte", "mensajeria"),
        *("transportadora", "corriere", "vettore", "spedizioniere", "vervoerder", "przewoznik", "kurier"),
        *("transportor", "transportfirma", "kargo", "kargofirmasi", "перевозчик", "служебадоставки", "службадоставки"),
        *("物流公司", "快递公司", "承运商", "物流商", "配送業者", "運送会社", "택배사"),
    ),
    "sku": (
        *("sku", "itemsku", "lineitemsku", "productsku", "sellersku", "variantsku", "itemnumber", "partnumber"),
        *("artikelnummer", "artikelnr", "artnr", "refarticle", "referencearticle", "referenciaproducto", "codarticulo"),
        *("codigodoproduto", "codicearticolo", "indeks", "артикул", "货号", "商品编码", "商品番号", "상품코드"),
    ),
    "quantity": (
        *("quantity", "qty", "lineitemquantity", "itemquantity", "units", "pieces", "pcs"),
        *("menge", "anzahl", "stuck", "quantite", "qte", "cantidad", "cant", "quantidade", "qtd", "quantita", "qta"),
        *("aantal", "ilosc", "antal", "adet", "количество", "数量", "수량"),
    ),
    "shipped": (
        *(
            "shipped",
            "shippedat",
            "shipdate",
            "shippeddate",
            "dateshipped",
            "shippingdate",
            "dispatchdate",
            "dispatched",
        ),
        *("versanddatum", "versendetam", "versandtam", "datedexpedition", "dateexpedition", "datedenvoi"),
        *("fechadeenvio", "fechaenvio", "datadeenvio", "dataenvio", "datadispedizione", "dataspedizione"),
        *("verzenddatum", "datawysylki", "датаотправки", "发货时间", "发货日期", "出荷日", "발송일"),
    ),
}


def found(head: Sequence[str]) -> dict[str, int]:
    """Where each field is, as far as the names say so."""
    return places(head, NAMES)


def places(head: Sequence[str], names: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Where each field is by these ``names`` of it, as ``plain`` writes them; the one named earlier is taken."""
    said = [plain(one) for one in head]
    at = {field: next((said.index(one) for one in some if one in said), -1) for field, some in names.items()}
    return {field: place for field, place in at.items() if place >= 0}


def plain(name: str) -> str:
    """Lower-case letters only, without accents: ``N° de suivi``, ``n de suivi`` and ``Nº_de_Suivi`` are one name."""
    whole = unicodedata.normalize("NFKD", re.sub(r"[°º#]", "", name)).casefold().replace("ł", "l")
    return unicodedata.normalize("NFC", re.sub(r"[\W_\d]|[\u0300-\u036f]", "", whole))
