"""Tracking pages of carriers as they were and are written in mails and shops, and of services that follow for many."""

import pytest

from doorstep.core.number import number_in_link

UPS, USPS, FEDEX, S10 = "1Z5R89390357567127", "9400111206206406260787", "986578788855", "RR473124829CN"
EVRI, DPD, DHL_DE, YUN = "H00XYA0012345678", "09980000020034", "00340434161094022115", "YT2229521272164446"

OWN = [
    # United States and Canada
    (f"https://wwwapps.ups.com/WebTracking/processInputRequest?TypeOfInquiryNumber=T&InquiryNumber1={UPS}", UPS, "ups"),
    (f"https://wwwapps.ups.com/etracking/tracking.cgi?tracknum={UPS}", UPS, "ups"),
    (f"https://www.ups.com/track?loc=en_US&Requester=SBN&tracknum={UPS}&AgreeToTermsAndConditions=yes", UPS, "ups"),
    (f"https://www.ups.com/WebTracking?loc=en_US&requester=ST&trackNums={UPS}/trackdetails", UPS, "ups"),
    (f"https://www.ups.com/deliverychange?loc=en_US&trackingNumber={UPS}&mediaType=03", UPS, "ups"),
    (f"https://track.ups.com/{UPS}", UPS, "ups"),
    (f"http://trkcnfrm1.smi.usps.com/PTSInternetWeb/InterLabelInquiry.do?origTrackNum={USPS}", USPS, "usps"),
    (f"https://tools.usps.com/go/TrackConfirmAction_input?qtc_tLabels1={USPS}", USPS, "usps"),
    (f"https://tools.usps.com/go/TrackConfirmAction.action?tRef=fullpage&tLc=1&tLabels={USPS}", USPS, "usps"),
    (f"https://tools.usps.com/go/TrackConfirmAction!input.action?strOrigTrackNum={USPS}", USPS, "usps"),
    (f"https://www.fedex.com/Tracking?action=track&tracknumbers={FEDEX}", FEDEX, "fedex"),
    (f"https://www.fedex.com/apps/fedextrack/?action=track&trackingnumber={FEDEX}", FEDEX, "fedex"),
    (f"https://www.fedex.com/fedextrack/no-results-found?trknbr={FEDEX}", FEDEX, "fedex"),
    (f"https://www.fedex.com/wtrk/track/?trknbr={FEDEX}", FEDEX, "fedex"),
    (f"https://tracking.fedex.com/?tracknumbers={FEDEX}", FEDEX, "fedex"),
    ("https://www.ontrac.com/trackingres.asp?tracking_number=C11031500001879", "C11031500001879", "ontrac"),
    ("https://www.ontrac.com/tracking.asp?trackingnumber=C11031500001879", "C11031500001879", "ontrac"),
    ("http://www.lasership.com/track.php?track_number_input=LX17635036", "LX17635036", "lasership"),
    ("https://t.lasership.com/Track/LX17635036", "LX17635036", "lasership"),
    (
        "https://www.canadapost.ca/cpotools/apps/track/personal/findByTrackNumber?trackingNumber=7035114477138472",
        "7035114477138472",
        "canada_post",
    ),
    ("https://www.canadapost.ca/trackweb/en#/resultList?searchFor=7035114477138472", "7035114477138472", "canada_post"),
    (
        "https://www.purolator.com/en/ship-track/tracking-details.page?pin=320595463938",
        "320595463938",
        "purolator",
    ),
    (
        "https://www.purolator.com/purolator/ship-track/tracking-summary.page?pin=320595463938",
        "320595463938",
        "purolator",
    ),
    ("https://www.tforcefreight.com/ltl/apps/Tracking?proNumbers=678608965", "678608965", "tforce_freight"),
    ("https://track.amazon.com/tracking/TBA502887274000", "TBA502887274000", "amazon"),
    ("https://www.swiship.com/track/?id=TBA502887274000", "TBA502887274000", "swiship"),
    ("https://www.swiship.co.uk/track/?id=TBA502887274000", "TBA502887274000", "swiship"),
    # Great Britain and Ireland
    (f"https://www.myhermes.co.uk/tracking-results.html?trackingNumber={EVRI}", EVRI, "evri"),
    (f"https://www.myhermes.co.uk/track#/parcel/{EVRI}/details", EVRI, "evri"),
    (f"https://new.myhermes.co.uk/track.html#/parcel/{EVRI}/details", EVRI, "evri"),
    (f"https://international.myhermes.co.uk/tracking?trackingNumber={EVRI}", EVRI, "evri"),
    (f"https://www.hermesworld.co.uk/track?trackingNumber={EVRI}", EVRI, "evri"),
    (f"https://international.evri.com/tracking/{EVRI}", EVRI, "evri"),
    (f"https://www.evri.com/track#/parcel/{EVRI}", EVRI, "evri"),
    ("https://www.royalmail.com/track-your-item?trackNumber=RB123456785GB", "RB123456785GB", "royal_mail"),
    ("http://www.royalmail.com/portal/rm/track?trackNumber=RB123456785GB", "RB123456785GB", "royal_mail"),
    ("https://www3.royalmail.com/track-your-item#/tracking-results/RB123456785GB", "RB123456785GB", "royal_mail"),
    ("https://www.parcelforce.com/track-trace?trackNumber=PBTM1234567001", "PBTM1234567001", "parcelforce"),
    ("http://www2.dpd.co.uk/apps/tracking/?reference=15501234567890", "15501234567890", "dpd_uk"),
    ("https://www.dpd.co.uk/apps/tracking/?reference=15501234567890&postcode=AB1", "15501234567890", "dpd_uk"),
    ("https://track.dpd.co.uk/parcels/15501234567890", "15501234567890", "dpd_uk"),
    ("https://www.interlinkexpress.com/apps/tracking/?reference=15501234567890", "15501234567890", "dpd_uk"),
    ("https://www.yodel.co.uk/track/JJD0002257639032011", "JJD0002257639032011", "yodel"),
    ("https://myyodel.yodel.co.uk/tracking?parcel_id=JJD0002257639032011", "JJD0002257639032011", "yodel"),
    ("https://track.anpost.ie/TrackingResults.aspx?rtt=1&items=RR123456785IE", "RR123456785IE", "an_post"),
    # Germany, Austria, Switzerland
    (f"https://nolp.dhl.de/nextt-online-public/set_identcodes.do?lang=de&idc={DHL_DE}", DHL_DE, "dhl_parcel_de"),
    (
        f"https://nolp.dhl.de/nextt-online-public/de/search?piececode={DHL_DE}",
        DHL_DE,
        "dhl_parcel_de",
    ),
    (f"https://www.dhl.de/de/privatkunden/dhl-sendungsverfolgung.html?piececode={DHL_DE}", DHL_DE, "dhl_parcel_de"),
    (f"https://www.dhl.de/sendungsverfolgung?idc={DHL_DE}", DHL_DE, "dhl_parcel_de"),
    ("http://www.dhl.com/en/express/tracking.html?brand=DHL&AWB=3318810025", "3318810025", "dhl"),
    (
        "https://www.dhl.com/us-en/home/tracking/tracking-parcel.html?submit=1&tracking-id=3318810025",
        "3318810025",
        "dhl",
    ),
    ("https://mydhl.express.dhl/gb/en/tracking.html#/results?id=3318810025", "3318810025", "dhl_express"),
    ("https://webtrack.dhlglobalmail.com/?trackingnumber=GM2951173225174494", "GM2951173225174494", "dhl_ecommerce"),
    ("https://ecommerceportal.dhl.com/track/?ref=GM2951173225174494", "GM2951173225174494", "dhl_ecommerce"),
    (f"https://tracking.dpd.de/parcelstatus?query={DPD}&locale=de_DE", DPD, "dpd"),
    (f"https://tracking.dpd.de/cgi-bin/delistrack?pknr={DPD}", DPD, "dpd"),
    (f"https://tracking.dpd.de/status/de_DE/parcel/{DPD}", DPD, "dpd"),
    (f"https://my.dpd.de/redirect.aspx?action=1&pno={DPD}", DPD, "dpd"),
    (f"https://www.dpdgroup.com/nl/mydpd/my-parcels/track?lang=en&parcelNumber={DPD}", DPD, "dpd"),
    ("https://gls-group.eu/DE/de/paketverfolgung?match=90346692444", "90346692444", "gls"),
    ("https://gls-group.com/DE/de/paketverfolgung/?match=90346692444", "90346692444", "gls"),
    ("https://gls-group.eu/track/90346692444", "90346692444", "gls"),
    (
        "https://www.myhermes.de/empfangen/sendungsverfolgung/suchen/sendungsinformation/H1001990012345678901",
        "H1001990012345678901",
        "hermes_de",
    ),
    ("https://tracking.hermesworld.com/?TrackID=H1001990012345678901", "H1001990012345678901", "hermes_de"),
    (
        "https://www.post.at/sendungsverfolgung.php/details?pnum1=1000123456789012345672",
        "1000123456789012345672",
        "austrian_post",
    ),
    (
        "https://www.post.ch/swisspost-tracking?formattedParcelCodes=996012345678901234",
        "996012345678901234",
        "swiss_post",
    ),
    # France, Benelux
    (
        "https://www.coliposte.net/particulier/suivi_particulier.jsp?colispart=6A12345678901",
        "6A12345678901",
        "colissimo",
    ),
    ("https://www.laposte.fr/particulier/outils/suivre-vos-envois?code=6A12345678901", "6A12345678901", "la_poste"),
    ("https://www.laposte.fr/outils/track-a-parcel?code=6A12345678901", "6A12345678901", "la_poste"),
    (
        "http://www.chronopost.fr/expedier/inputLTNumbersNoJahia.do?listeNumeros=XY123456789JB",
        "XY123456789JB",
        "chronopost",
    ),
    ("https://jouw.postnl.nl/#!/track-en-trace/3SABCD1234567/NL/1234AB", "3SABCD1234567", "post_nl"),
    ("https://jouw.postnl.nl/track-and-trace/3SABCD1234567-NL-1234AB", "3SABCD1234567", "post_nl"),
    ("https://postnl.nl/tracktrace/?B=3SABCD1234567&P=1234AB&D=NL&T=C", "3SABCD1234567", "post_nl"),
    (
        "http://www.postnlpakketten.nl/klantenservice/tracktrace/basicsearch.aspx?lang=nl&B=3SABCD1234567",
        "3SABCD1234567",
        "post_nl",
    ),
    (
        "https://www.internationalparceltracking.com/#/search?barcode=3SABCD1234567&country=BE",
        "3SABCD1234567",
        "post_nl_international",
    ),
    ("https://track.bpost.be/btr/web/#/search?itemCode=323212345659900357664050", "323212345659900357664050", "bpost"),
    (
        "https://www.dhlparcel.nl/nl/volg-uw-zending?tc=JVGL06123456001234567890",
        "JVGL06123456001234567890",
        "dhl_parcel_nl",
    ),
    # South
    (
        "https://www.correos.es/es/es/herramientas/localizador/envios/detalle?tracking-number=PK4BAB0710130640146014X",
        "PK4BAB0710130640146014X",
        "correos",
    ),
    (
        "https://www.correos.es/comun/localizador/track.asp?numero=PK4BAB0710130640146014X",
        "PK4BAB0710130640146014X",
        "correos",
    ),
    ("https://www.poste.it/cerca/index.html#/risultati-spedizioni/350C20177729F", "350C20177729F", "poste_italiane"),
    (
        "https://vas.brt.it/vas/sped_det_show.hsm?referer=sped_numspe_par.htm&Nspediz=123456789012",
        "123456789012",
        "brt",
    ),
    (
        "https://www.ctt.pt/feapl_2/app/open/cttexpresso/objectSearch/objectSearch.jspx?objects=RR123456785PT",
        "RR123456785PT",
        "ctt",
    ),
    # North and east
    (
        "https://www.postnord.se/en/our-tools/track-and-trace?shipmentId=00373323995405591891",
        "00373323995405591891",
        "post_nord",
    ),
    ("https://tracking.postnord.com/en/?id=00373323995405591891", "00373323995405591891", "post_nord"),
    ("https://tracking.bring.com/tracking/370438101015432114", "370438101015432114", "bring"),
    ("https://sporing.bring.no/sporing.html?q=370438101015432114", "370438101015432114", "bring"),
    ("https://www.posti.fi/fi/seuranta#/lahetys/JJFI65432110000123456", "JJFI65432110000123456", "posti"),
    ("https://inpost.pl/sledzenie-przesylek?number=609999999990999918999993", "609999999990999918999993", "inpost"),
    ("https://tracktrace.dpd.com.pl/EN/parcelDetails?typ=1&p1=0000123456789U", "0000123456789U", "dpd_pl"),
    ("https://emonitoring.poczta-polska.pl/?numer=00259007738913246547", "00259007738913246547", "poczta_polska"),
    ("https://tracking.packeta.com/cs/?id=Z1234567890", "Z1234567890", "packeta"),
    ("https://www.zasilkovna.cz/vyhledavani?number=Z1234567890", "Z1234567890", "packeta"),
    ("https://tracking.novaposhta.ua/#/uk/parcel/tracking/59000123456789", "59000123456789", "nova_poshta"),
    ("https://www.pochta.ru/tracking#10123456789012", "10123456789012", "russian_post"),
    # Asia and Pacific
    (f"https://global.cainiao.com/detail.htm?mailNoList={S10}", S10, "cainiao"),
    (
        "https://global.cainiao.com/newDetail.htm?mailNoList=LP00123456789012&otherMailNoList=",
        "LP00123456789012",
        "cainiao",
    ),
    (f"https://www.yuntrack.com/Track/Detail/{YUN}", YUN, "yunexpress"),
    (f"http://www.yuntrack.com/track/detail?id={YUN}", YUN, "yunexpress"),
    ("https://track.yw56.com.cn/cn/querydel?nums=UG123456789YP", "UG123456789YP", "yanwen"),
    ("http://track.4px.com/#/result/0/4PX3000123456789CN", "4PX3000123456789CN", "fourpx"),
    (
        "https://www.sf-express.com/us/en/dynamic_function/waybill/#search/bill-number/SF1234567890123",
        "SF1234567890123",
        "sf_express",
    ),
    ("http://jizen.kuronekoyamato.co.jp/jizen/servlet/crjz.b.NQ0010?id=123456789013", "123456789013", "yamato"),
    ("https://toi.kuronekoyamato.co.jp/cgi-bin/tneko?number01=123456789013", "123456789013", "yamato"),
    (
        "https://trackings.post.japanpost.jp/services/srv/search/?requestNo1=RR123456785JP",
        "RR123456785JP",
        "japan_post",
    ),
    ("https://auspost.com.au/track/track.html?id=33ABC012345601000930800", "33ABC012345601000930800", "australia_post"),
    (
        "https://auspost.com.au/mypost/track/#/details/33ABC012345601000930800",
        "33ABC012345601000930800",
        "australia_post",
    ),
    ("https://www.nzpost.co.nz/tools/tracking/item/0079421039271654", "0079421039271654", "nz_post"),
    ("https://rastreamento.correios.com.br/app/index.php?objeto=RR123456785BR", "RR123456785BR", "correios"),
    ("https://www2.correios.com.br/sistemas/rastreamento/?objetos=RR123456785BR", "RR123456785BR", "correios"),
    ("https://www.delhivery.com/track/package/1234567890123", "1234567890123", "delhivery"),
    ("https://cjpacket.com/?trackingNumber=CJPKL7160102171YQ", "CJPKL7160102171YQ", "cjpacket"),
]

OF_MANY = [
    (f"https://t.17track.net/en#nums={YUN}&fc=190008", YUN, "yunexpress"),
    (f"https://t.17track.net/de#nums={YUN},{S10}", YUN, ""),
    (f"https://www.17track.net/en/track?nums={YUN}", YUN, ""),
    (f"https://m.17track.net/en/track-details?nums={YUN}", YUN, ""),
    (f"https://track.aftership.com/dhl-global-mail/{S10}", S10, "dhl_ecommerce"),
    (f"https://myshop.aftership.com/yanwen/{S10}?lang=en", S10, "yanwen"),
    (f"https://www.aftership.com/track/{YUN}", YUN, ""),
    (f"https://track.aftership.com/trackings?tracking-numbers={YUN}", YUN, ""),
    (f"https://parcelsapp.com/en/tracking/{YUN}", YUN, ""),
    (f"https://nike.narvar.com/tracking/nike/usps?tracking={USPS}", USPS, "usps"),
    (f"https://narvar.com/tracking/shop/ups?tracking_numbers={UPS}&order_number=1234567&locale=en_GB", UPS, "ups"),
    (f"https://www.track123.com/track?trackNos={YUN}", YUN, ""),
    (f"https://shop.example/apps/track123?nums={YUN}", YUN, ""),
    (f"https://shop.example/apps/parcelpanel?nums={YUN}", YUN, ""),
    (f"https://www.parcelpanel.com/track?nums={YUN}", YUN, ""),
    (f"https://www.trackingmore.com/track/en/{YUN}?express=yunexpress", YUN, "yunexpress"),
    (f"https://www.trackingmore.com/yunexpress-tracking.html?number={YUN}", YUN, ""),
    (f"https://www.ship24.com/tracking?p={YUN}", YUN, ""),
    (f"https://www.packagetrackr.com/track/{YUN}", YUN, ""),
    (f"https://posylka.net/parcel/{YUN}", YUN, ""),
    (f"https://www.ordertracker.com/track/{YUN}", YUN, ""),
    (f"https://track.easypost.com/x?tracking_code={USPS}&carrier=usps", USPS, "usps"),
    (f"https://goshippo.com/tracking?carrier=usps&tracking_number={USPS}", USPS, "usps"),
    (f"https://shop.app/track?trackingNumber={UPS}", UPS, ""),
    (f"https://click.example.com/L0/https:%2F%2Fwww.fedex.com%2Ffedextrack%2F%3Ftrknbr={FEDEX}/1/0102", FEDEX, "fedex"),
]

NONE = [
    "https://www.amazon.com/progress-tracker/package?orderId=111-1234567-1234567&shipmentId=Gx7Kp2LmQ&packageIndex=0",
    "https://www.amazon.co.uk/gp/css/shiptrack/view.html?ie=UTF8&orderID=205-2169302-5352337&orderingShipmentId=23826504118302",
    "https://www.amazon.com/gp/your-account/ship-track?ie=UTF8&orderId=113-9999999-9999999",
    "https://informeddelivery.usps.com/box/pages/tracking/email?token=3706f84",
    "https://www.myhermes.co.uk/track#?utm_source=mail",
    "https://narvar.com/tracking/itemvisibility/v1/shop/orders",
    "https://shop.example/apps/parcelpanel?order=1234567",
    "https://shop.example/be/cn/track",
    "https://www.dhl.de/de/privatkunden.html?customer=12345678901234",
]


@pytest.mark.parametrize(("url", "number", "code"), OWN + OF_MANY)
def test_a_tracking_page_tells_its_number_and_its_carrier(url, number, code):
    assert number_in_link(url) == (number, code)


@pytest.mark.parametrize("url", NONE)
def test_a_page_about_something_else_tells_no_number(url):
    assert number_in_link(url) is None
