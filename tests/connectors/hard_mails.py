"""Mails in the manner of known senders, and mails made to mislead: own texts, each with the answer."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Hard:
    """``numbers``: number -> carrier ('' = any). ``orders`` must be among those found."""

    name: str
    sender: str
    subject: str
    body: str
    numbers: dict[str, str]
    orders: tuple[str, ...] = ()
    status: str = "shipped"
    merchant: str = ""
    html: bool = False

    @property
    def raw(self) -> bytes:
        kind = "html" if self.html else "plain"
        head = f"From: {self.sender}\nSubject: {self.subject}\nDate: Wed, 1 Jul 2026 09:00:00 +0200\n"
        return f"{head}Content-Type: text/{kind}; charset=utf-8\n\n{self.body}".encode()


HARD = (
    # --- shops ---
    Hard(
        name="amazon_de_without_a_number",
        sender='"Amazon.de" <versandbestaetigung@amazon.de>',
        subject="Versandt: 'USB-C Kabel 2 m' und 1 weiterer Artikel",
        body="<p>Hallo,</p><p>deine Bestellung wurde versandt.</p><p>Bestellnr. <a href='https://www.amazon.de/gp/css/"
        "order-details?orderID=305-7712345-1234567'>305-7712345-1234567</a></p><a href='https://www.amazon.de/progress-"
        "tracker/package?packageId=1&orderId=305-7712345-1234567&shipmentId=Dk8vB1j4R'>Lieferung verfolgen</a>",
        numbers={},
        orders=("305-7712345-1234567",),
        merchant="amazon",
        html=True,
    ),
    Hard(
        name="amazon_co_jp_with_yamato",
        sender="Amazon.co.jp <ship-confirm@amazon.co.jp>",
        subject="Amazon.co.jp ご注文の発送 (249-1234567-7654321)",
        body="ご注文の商品を発送しました。\n注文番号: 249-1234567-7654321\n"
        "配送業者: ヤマト運輸\nお問い合わせ伝票番号: 4412-3456-7896\n",
        numbers={"441234567896": ""},
        orders=("249-1234567-7654321",),
        merchant="amazon",
    ),
    Hard(
        name="aliexpress_gives_the_order_number_only",
        sender="AliExpress <transaction@notice.aliexpress.com>",
        subject="Order 8189123456781234 has been shipped",
        body="Dear Ana,\nTrack your order 8189123456781234 here. Order number: 8189123456781234\n"
        "Tracking: 8189123456781234\nCustomer service: 5550001112\n",
        numbers={},
        orders=("8189123456781234",),
        merchant="aliexpress",
    ),
    Hard(
        name="aliexpress_with_a_cainiao_number",
        sender="AliExpress <transaction@notice.aliexpress.com>",
        subject="Package LP00641234567890 is on the way",
        body="Your package LP00641234567890 from order 3034567812345678 left the departure country.\n"
        "Tracking number: LP00641234567890\n",
        numbers={"LP00641234567890": "cainiao"},
        orders=("3034567812345678",),
        merchant="aliexpress",
    ),
    Hard(
        name="ebay_with_hermes",
        sender="eBay <ebay@ebay.de>",
        subject="Ihr Artikel wurde versandt",
        body="Bestellnummer: 12-09876-54321\nArtikelnummer: 314159265358\nVersand: DHL\n"
        "Sendungsnummer: 00340434161094042557\n",
        numbers={"00340434161094042557": "dhl_parcel_de"},
        orders=("12-09876-54321",),
        merchant="ebay",
    ),
    Hard(
        name="etsy",
        sender="Etsy <transaction@etsy.com>",
        subject="Your Etsy order shipped",
        body="Your order from PotteryByAnn is on its way!\nOrder: #3123456789\nTransaction ID 4012345678\n"
        "Shipped with USPS\nTracking number 9400111206206406260787\n",
        numbers={"9400111206206406260787": "usps"},
        orders=("3123456789",),
        merchant="etsy",
    ),
    Hard(
        name="walmart_two_boxes",
        sender="Walmart.com <help@walmart.com>",
        subject="Shipped: your order 2000123-45678901",
        body="Order number: 2000123-45678901\nBox 1 of 2\nFedEx tracking number 286548999992\n"
        "Box 2 of 2\nFedEx tracking number 286548999970\nItem 556677889900\n",
        numbers={"286548999992": "fedex", "286548999970": "fedex"},
        orders=("2000123-45678901",),
        merchant="walmart",
    ),
    Hard(
        name="temu",
        sender="Temu <temu@eu.temuemail.com>",
        subject="Your Temu order has shipped",
        body="Order ID: PO-076-12345678901234567890\nCarrier: YunExpress\nTracking number: YT2618212720001234\n",
        numbers={"YT2618212720001234": "yunexpress"},
        orders=("PO-076-12345678901234567890",),
        merchant="temu",
    ),
    Hard(
        name="shopify_shop",
        sender="Lumen Candles <store+51234567@t.shopifyemail.com>",
        subject="A shipment from order #LC1042 is on the way",
        body="<h2>Your order is on the way</h2><p>Order #LC1042</p><p>UPS tracking number: <a href='https://www.ups.com/"
        "WebTracking?TrackNums=1Z999AA10123456784'>1Z999AA10123456784</a></p>"
        "<table><tr><td>Candle × 2</td></tr></table>",
        numbers={"1Z999AA10123456784": "ups"},
        orders=("LC1042",),
        merchant="Lumen Candles",
        html=True,
    ),
    Hard(
        name="wish",
        sender="Wish <support@wish.com>",
        subject="Your order has shipped!",
        body="Order ID 5f1e2d3c4b5a69788776655a\nTracking number: LX123456785CN\n",
        numbers={"LX123456785CN": "china_post"},
        orders=("5f1e2d3c4b5a69788776655a",),
        merchant="wish",
    ),
    Hard(
        name="cjdropshipping",
        sender="CJ <service@cjdropshipping.com>",
        subject="Your CJ order has been dispatched",
        body="Store order number: #1041\nCJ order: 2406201234567890123\nTracking number: CJPKL7160102171YQ\n",
        numbers={"CJPKL7160102171YQ": ""},
        orders=("1041",),
        merchant="cjdropshipping",
    ),
    Hard(
        name="zalando_and_its_return_label",
        sender="Zalando <info@service-mail.zalando.de>",
        subject="Deine Bestellung 10103123456789 ist unterwegs",
        body="Bestellnummer: 10103123456789\nSendungsnummer: 00340434161094042557\nRechnungsnummer: 2026071234567\n",
        numbers={"00340434161094042557": "dhl_parcel_de"},
        orders=("10103123456789",),
        merchant="zalando",
    ),
    Hard(
        name="allegro_with_inpost",
        sender="Allegro <powiadomienia@allegro.pl>",
        subject="Twoja paczka czeka w Paczkomacie WAW22A",
        body="Numer przesyłki: 609999990999918123456784\nKod odbioru: 482913\nTelefon: 512345678\n",
        numbers={"609999990999918123456784": ""},
        status="available_for_pickup",
        merchant="allegro",
    ),
    Hard(
        name="otto_hermes",
        sender="OTTO <service@otto.de>",
        subject="Ihre Bestellung wurde verschickt",
        body="Kundennummer 123456789\nBestellung 4711223344\nVersand mit Hermes\nSendungs-ID: H1001990012345601019\n",
        numbers={"H1001990012345601019": ""},
        orders=("4711223344",),
        merchant="otto",
    ),
    # --- carriers ---
    Hard(
        name="ups_quantum_view",
        sender="UPS <mcinfo@ups.com>",
        subject="UPS Update: Package Scheduled for Delivery Tomorrow",
        body="<p>Your package is arriving.</p><p>From HOUSE OF LAMPS</p><p>Tracking Number: <a href='https://www.ups.com/"
        "track?tracknum=1Z999AA10123456784'>1Z999AA10123456784</a></p><p>Reference Number(s): 8823456, PO99871234</p>",
        numbers={"1Z999AA10123456784": "ups"},
        status="in_transit",
        html=True,
    ),
    Hard(
        name="dhl_paket",
        sender="DHL Paket <noreply@dhl.de>",
        subject="Ihr DHL Paket von Lampenwelt kommt heute",
        body="Guten Tag,\nIhr Paket mit der Sendungsnummer 00340434161094042557 kommt "
        "heute zwischen 10:30 und 12:00 Uhr.\n"
        "Kundenservice 0228 4333112\n",
        numbers={"00340434161094042557": "dhl_parcel_de"},
        status="out_for_delivery",
        merchant="Lampenwelt",
    ),
    Hard(
        name="dhl_express",
        sender="DHL Express <noreply.odd@dhl.com>",
        subject="Your DHL shipment is on its way",
        body="Waybill number: 1234567891\nEstimated delivery: Friday, July 3, 2026\nAccount 968000123\n",
        numbers={"1234567891": "dhl_express"},
    ),
    Hard(
        name="dpd_uk",
        sender="DPD UK <noreply@dpd.co.uk>",
        subject="Your parcel from Green Kettle is out for delivery",
        body="Your parcel 15501234567890 will be with you between 11:05 and 12:05.\nYour driver is Imran.\n"
        "Parcel number: 15501234567890\n",
        numbers={"15501234567890": ""},
        status="out_for_delivery",
        merchant="Green Kettle",
    ),
    Hard(
        name="gls_italy",
        sender="GLS <noreply@gls-italy.com>",
        subject="La tua spedizione è in consegna",
        body="Numero di spedizione: M1612345678\nMittente: Bottega\nTelefono: 02 1234567\n",
        numbers={"M1612345678": ""},
        status="out_for_delivery",
    ),
    Hard(
        name="postnl",
        sender="PostNL <noreply@edm.postnl.nl>",
        subject="Je pakket komt vandaag: wordt vandaag bezorgd",
        body="<p>Je pakket van bol wordt vandaag bezorgd.</p><p>Barcode 3SABCD1234567</p><a href='https://jouw.postnl.nl/"
        "track-and-trace/3SABCD1234567-NL-1234AB'>Volg je pakket</a>",
        numbers={"3SABCD1234567": "post_nl"},
        status="out_for_delivery",
        html=True,
    ),
    Hard(
        name="colissimo",
        sender="Colissimo <noreply@notif-colissimo-laposte.info>",
        subject="Votre colis arrive demain",
        body="Bonjour,\nvotre colis n° 6A12345678901 sera livré demain.\nService clients 3631\n",
        numbers={"6A12345678901": ""},
        status="in_transit",
    ),
    Hard(
        name="correos_es",
        sender="Correos <noreply@correos.com>",
        subject="Tu envío está en reparto",
        body="Código de envío: PQ4F6P0704000110128006D\nLlega hoy.\n",
        numbers={"PQ4F6P0704000110128006D": ""},
        status="out_for_delivery",
    ),
    Hard(
        name="poste_italiane",
        sender="Poste Italiane <noreply@posteitaliane.it>",
        subject="La tua spedizione è in arrivo",
        body="Codice spedizione: RR123456785IT\nData di consegna prevista: 3 luglio 2026\n",
        numbers={"RR123456785IT": "poste_italiane"},
        status="in_transit",
    ),
    Hard(
        name="postnord_se",
        sender="PostNord <noreply@postnord.se>",
        subject="Ditt paket från Granlunds finns att hämta",
        body="Kolli-id: 00370730254212345674\nHämtkod: 4821\nHämta senast 10 juli.\n",
        numbers={"00370730254212345674": ""},
        status="available_for_pickup",
        merchant="Granlunds",
    ),
    Hard(
        name="royal_mail",
        sender="Royal Mail <no-reply@royalmail.com>",
        subject="Sorry we missed you",
        body="We tried to deliver your item RR123456785GB today. Reference number: RR123456785GB\n",
        numbers={"RR123456785GB": "royal_mail"},
        status="attempt_failed",
    ),
    Hard(
        name="evri",
        sender="Evri <do-not-reply@evri.com>",
        subject="Your Wool Shed parcel is with your courier",
        body="Tracking: H00AAA0123456789\nIt will arrive between 9 and 11.\n",
        numbers={"H00AAA0123456789": ""},
        status="out_for_delivery",
        merchant="Wool Shed",
    ),
    Hard(
        name="auspost_pickup",
        sender="Australia Post <noreply@notifications.auspost.com.au>",
        subject="Your parcel is ready to collect",
        body="Tracking number: 997053641168\nBring your ID. Case 10293847\n",
        numbers={"997053641168": "australia_post"},
        status="available_for_pickup",
    ),
    Hard(
        name="canada_post",
        sender="Canada Post <donotreply@communications.canadapost-postescanada.ca>",
        subject="Your item was delivered",
        body="Tracking number: 7316971021234569\nDelivered to the community mailbox.\n",
        numbers={"7316971021234569": "canada_post"},
        status="delivered",
    ),
    Hard(
        name="sf_express_zh",
        sender="顺丰速运 <service@sf-express.com>",
        subject="您的快件正在派送",
        body="尊敬的客户：您的快件 SF1234567890123 正在派送。\n快递单号：SF1234567890123\n快递员电话：13800138000\n",
        numbers={"SF1234567890123": "sf_express"},
        status="out_for_delivery",
    ),
    Hard(
        name="sagawa_ja",
        sender="佐川急便 <noreply@sagawa-exp.co.jp>",
        subject="お荷物お届けのお知らせ 本日お届け",
        body="お問い合せ送り状No.：4012-3456-7892\n本日お届け予定です。\n",
        numbers={"401234567892": ""},
        status="out_for_delivery",
    ),
    # --- made to mislead ---
    Hard(
        name="order_number_where_the_tracking_number_should_be",
        sender="Shop <hello@tinyshop.example>",
        subject="Your order 1234567890 has shipped",
        body="Order number: 1234567890\nTracking number: 1234567890\n",
        numbers={},
        orders=("1234567890",),
        merchant="Shop",
    ),
    Hard(
        name="tracking_not_available_yet",
        sender="Shop <hello@tinyshop.example>",
        subject="Your order A-5521 has shipped",
        body="Tracking number: not available yet.\nQuestions about tracking? Call 1-800-742-5877 or (212) 555-0142.\n"
        "Invoice 100200300400, paid with card 4111 1111 1111 1111 on 2026-07-01.\n",
        numbers={},
        orders=("A-5521",),
        merchant="Shop",
    ),
    Hard(
        name="a_phone_right_behind_the_label",
        sender="Shop <hello@tinyshop.example>",
        subject="Your order 5512 has shipped",
        body="Tracking help: +1 (888) 280-4331\nTracking number: +49 151 23456789\n",
        numbers={},
        orders=("5512",),
        merchant="Shop",
    ),
    Hard(
        name="newsletter_full_of_numbers",
        sender="Deals <news@deals.example>",
        subject="Your weekly deals",
        body="<a href='https://news.deals.example/c?trackid=992817263544&id=1Z'>Sofa, item 4006381333931</a>"
        "<p>Code SAVE20262026, SKU AB1234567890</p><img src='https://t.deals.example/12345678901234567890.gif'>",
        numbers={},
        status="unknown",
        merchant="Deals",
        html=True,
    ),
    Hard(
        name="order_confirmation_only",
        sender="Hof Laden <shop@hofladen.example>",
        subject="Bestellbestätigung 20260701-881",
        body="Vielen Dank für Ihre Bestellung 20260701-881.\nKundennummer: 1000234567\n"
        "IBAN DE89 3704 0044 0532 0130 00\n"
        "Die Sendungsnummer erhalten Sie mit der Versandbestätigung.\nUSt-IdNr. DE123456789\n",
        numbers={},
        orders=("20260701-881",),
        status="ordered",
        merchant="Hof Laden",
    ),
    Hard(
        name="return_number_beside_a_tracking_number",
        sender="Shop <hello@tinyshop.example>",
        subject="Order 8812 is on its way",
        body="Tracking number: 1Z999AA10123456784\nEAN 4006381333931\n"
        "Serial number: 356938035643809\nTotal 129.90 EUR\n",
        numbers={"1Z999AA10123456784": "ups"},
        orders=("8812",),
        merchant="Shop",
    ),
    Hard(
        name="numbers_in_a_table_with_orders",
        sender="Supplier <ops@supplier.example>",
        subject="Shipped today",
        body="<table><tr><th>Order</th><th>Carrier</th><th>Tracking number</th></tr>"
        "<tr><td>#1001</td><td>UPS</td><td>1Z999AA10123456784</td></tr>"
        "<tr><td>#1002</td><td>China Post</td><td>LX123456785CN</td></tr></table>",
        numbers={"1Z999AA10123456784": "ups", "LX123456785CN": "china_post"},
        merchant="Supplier",
        html=True,
    ),
    Hard(
        name="the_same_number_in_groups_and_in_a_link",
        sender="Shop <hello@tinyshop.example>",
        subject="Order 77123 shipped",
        body="<p>USPS 9400 1112 0620 6406 2607 87</p><a href='https://tools.usps.com/go/TrackConfirmAction?"
        "tLabels=9400111206206406260787'>Track</a>",
        numbers={"9400111206206406260787": "usps"},
        orders=("77123",),
        merchant="Shop",
        html=True,
    ),
    Hard(
        name="russian",
        sender="Лавка <info@lavka.example>",
        subject="Ваш заказ 45821 отправлен",
        body="Здравствуйте! Ваш заказ 45821 отправлен.\nТрек-номер: RR123456785RU\nТелефон: +7 495 123-45-67\n",
        numbers={"RR123456785RU": "russian_post"},
        orders=("45821",),
        merchant="Лавка",
    ),
    Hard(
        name="korean",
        sender="가게 <shop@gage.example>",
        subject="주문하신 상품이 발송되었습니다",
        body="주문번호: 20260701123\n택배사: CJ대한통운\n운송장번호: 123456789012\n고객번호: 99887766\n",
        numbers={"123456789012": ""},
        orders=("20260701123",),
        merchant="가게",
    ),
    Hard(
        name="turkish",
        sender="Dükkan <bilgi@dukkan.example>",
        subject="Siparişiniz kargoya verildi",
        body="Sipariş no: 778812\nKargo takip no: RR123456785TR\nTelefon: 0212 123 45 67\n",
        numbers={"RR123456785TR": ""},
        orders=("778812",),
        merchant="Dükkan",
    ),
    Hard(
        name="czech",
        sender="Obchod <info@obchod.example>",
        subject="Vaše objednávka 2026004512 byla odeslána",
        body="Číslo objednávky: 2026004512\nČíslo zásilky: RR123456785CZ\nVariabilní symbol: 2026004512\n",
        numbers={"RR123456785CZ": "czech_post"},
        orders=("2026004512",),
        merchant="Obchod",
    ),
    Hard(
        name="finnish",
        sender="Kauppa <asiakaspalvelu@kauppa.example>",
        subject="Tilauksesi 30112 on lähetetty",
        body="Tilausnumero: 30112\nSeurantatunnus: RR123456785FI\nAsiakasnumero: 100200300\n",
        numbers={"RR123456785FI": ""},
        orders=("30112",),
        merchant="Kauppa",
    ),
    Hard(
        name="danish_cancelled",
        sender="Butik <info@butik.example>",
        subject="Your order 4411 has been cancelled",
        body="Order 4411 was cancelled. Refund reference 8837162534.\n",
        numbers={},
        orders=("4411",),
        status="cancelled",
        merchant="Butik",
    ),
    Hard(
        name="returned_to_sender",
        sender="DHL <noreply@dhl.de>",
        subject="Ihre Sendung geht zurück an den Absender",
        body="Die Sendung 00340434161094042557 geht zurück an den Absender.\nSendungsnummer: 00340434161094042557\n",
        numbers={"00340434161094042557": "dhl_parcel_de"},
        status="returned",
    ),
)
