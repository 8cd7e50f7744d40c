"""Carriers that are simply asked, as data: what a question looks like, what is published as answers, how to get in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from doorstep.connectors.carriers import (
    amazon_shipping,
    asendia,
    bpost,
    correos,
    dpd,
    four_px,
    geodis,
    hermes_de,
    inpost,
    landmark,
    postnl,
    purolator,
    seko,
    sendle,
    sf_express,
    tnt,
    yunexpress,
)
from doorstep.connectors.contract import Account, Answer, Denied, Refused
from tests.connectors.flow import NOW, answer

SOAP = 'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
DPD = "http://dpd.com/common/service/types"
GEODIS = "bb560d9ca46365c3a3a9024cf9c10d513cd1215e69ccf527b3a6cdf8e7795ab3"
UNTIL = {"access_token": "t0ken", "access_until": "2026-07-01T20:00:00+00:00"}


@dataclass(frozen=True)
class Case:
    """One carrier. ``asks``: what its question looks like. ``published``: files of a folder of published answers and
    what they come to: a status for each number, or the Trouble; with the HTTP status that a file itself has lost.
    ``schema`` and ``path``: the operation in the vendor's OpenAPI file; ``asked_in`` and ``told_in``: its XML schemas.
    ``unheard``: what it says of a number that it does not know, or has no scan of; and ``heard`` how that is read.
    """

    connector: Any
    account: Account
    number: str
    asks: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    query: tuple[tuple[str, str], ...] = ()
    folder: str = ""
    published: Mapping[str, tuple[int, object]] = field(default_factory=dict)
    unheard: Answer = field(default_factory=lambda: answer({}, status=404))
    heard: str = "not_found"
    schema: str = ""
    path: str = ""
    asked_in: str = ""
    told_in: str = ""


def account(settings: Mapping[str, str], **credentials: str) -> Account:
    return Account(settings=settings, credentials=credentials, now=NOW)


CASES = {
    "amazon_shipping": Case(
        connector=amazon_shipping.CONNECTOR,
        account=account({"region": "eu", "carrier_id": "AMZN_UK", "client_id": "app"}, **UNTIL),
        number="1578648261977",
        asks="GET https://sellingpartnerapi-eu.amazon.com/shipping/v2/tracking",
        query=(("trackingId", "1578648261977"), ("carrierId", "AMZN_UK")),
        headers={"x-amz-access-token": "t0ken"},
        folder="karrio/amazon_shipping",
        published={"TrackingResponseJSON.json": (200, ["delivered"]), "ErrorResponseJSON.json": (400, Refused)},
        schema="amazon_sp_api/shippingV2.json",
        path="/shipping/v2/tracking",
    ),
    "asendia": Case(
        connector=asendia.CONNECTOR,
        account=account({"username": "app", "customer_id": "C/1"}, password="s3cret", **UNTIL),
        number="ASE20260001234",
        asks="GET https://www.asendia-sync.com/api/customers/C%2F1/tracking/ASE20260001234",
        headers={"authorization": "Bearer t0ken"},
        folder="karrio/asendia",
        published={"TrackingResponse.json": (200, ["delivered"]), "ErrorResponse.json": (404, ["not_found"])},
    ),
    "bpost": Case(
        connector=bpost.CONNECTOR,
        account=account({"account_id": "app"}, passphrase="s3cret"),
        number="323299901059912345678030",
        asks="GET https://api.parcel.bpost.cloud/services/trackedmail/item/323299901059912345678030/trackingInfo",
        headers={"authorization": "Basic YXBwOnMzY3JldA=="},
        told_in="bpost/tracking_info_v1.xsd",
    ),
    "correos": Case(
        connector=correos.CONNECTOR,
        account=account({"user": "app"}, password="s3cret"),
        number="PQ43B404AA0151101280021",
        asks="GET https://localizador.correos.es/canonico/eventos_envio_servicio_auth/PQ43B404AA0151101280021",
        query=(("codIdioma", "ES"), ("indUltEvento", "N")),
        headers={"authorization": "Basic YXBwOnMzY3JldA=="},
    ),
    "dpd": Case(
        connector=dpd.CONNECTOR,
        account=account({"delis_id": "me", "country": "be"}, password="s3cret", **UNTIL),
        number="05221234567890",
        asks="POST https://wsshipper.dpd.be/soap/services/ParcelLifeCycleService/V2_0",
        headers={"soapaction": "http://dpd.com/common/service/types/ParcelLifeCycleService/2.0/getTrackingData"},
        body=f'<soapenv:Envelope {SOAP} xmlns:a="{DPD}/Authentication/2.0" xmlns:p="{DPD}/ParcelLifeCycleService/2.0">'
        "<soapenv:Header><a:authentication><delisId>me</delisId><authToken>t0ken</authToken>"
        "<messageLanguage>en_EN</messageLanguage></a:authentication></soapenv:Header><soapenv:Body><p:getTrackingData>"
        "<parcelLabelNumber>05221234567890</parcelLabelNumber></p:getTrackingData></soapenv:Body></soapenv:Envelope>",
        unheard=answer(
            "<Envelope><Body><getTrackingDataResponse><trackingresult/></getTrackingDataResponse></Body></Envelope>"
        ),
        heard="nothing",
        told_in="dpd/ParcelLifecycleServiceV20.xsd",
    ),
    "four_px": Case(
        connector=four_px.CONNECTOR,
        account=account({"app_key": "app"}, app_secret="s3cret"),
        number="4PX3001291270000CN",
        asks="POST https://open.4px.com/router/api/service",
        query=(
            ("app_key", "app"),
            ("format", "json"),
            ("method", "tr.order.tracking.get"),
            ("timestamp", "1782907200000"),
            ("v", "1.0.0"),
            ("language", "en"),
            ("sign", "10a1fd6d57ce3e248e306899ff3f6c7a"),
        ),
        body='{"deliveryOrderNo":"4PX3001291270000CN"}',
        unheard=answer({"result": "1", "data": {"deliveryOrderNo": "4PX3001291270000CN"}}),
        heard="nothing",
    ),
    "geodis": Case(
        connector=geodis.CONNECTOR,
        account=account({"identifier": "app"}, api_key="s3cret"),
        number="1G6ABCDE12FG",
        asks="POST https://espace-client.geodis.com/services/api/zoomclient/recherche-envoi",
        headers={"x-geodis-service": f"app;1782907200000;en;{GEODIS}"},
        body='{"noSuivi":"1G6ABCDE12FG"}',
        folder="karrio/geodis",
        # A client takes "Livraison le 20 janvier", the day that is planned, for delivered; its last scan is a return.
        published={"TrackingResponse.json": (200, ["returning"]), "ErrorResponse.json": (200, Refused)},
        unheard=answer({"ok": True, "contenu": {"noSuivi": "1G6ABCDE12FG", "listSuivis": []}}),
        heard="nothing",
    ),
    "hermes_de": Case(
        connector=hermes_de.CONNECTOR,
        account=account({"client_id": "app"}, **UNTIL),
        number="H1027930015412301011",
        asks="GET https://de-api.hermesworld.com/services/hsi/shipmentinfo",
        query=(("shipmentID", "H1027930015412301011"),),
        headers={"authorization": "Bearer t0ken", "accept-language": "EN"},
        folder="karrio/hermes",
        published={"TrackingResponse.json": (200, ["delivered"]), "TrackingErrorResponse.json": (200, ["not_found"])},
        unheard=answer({"shipmentinfo": [{"shipmentID": "H1027930015412301011", "result": {"code": "e001"}}]}),
        schema="hermes_de/openapi-shipment.yaml",
        path="/shipmentinfo",
    ),
    "inpost": Case(
        connector=inpost.CONNECTOR,
        account=account({}),
        number="620999567280115016000123",
        asks="GET https://api-shipx-pl.easypack24.net/v1/tracking/620999567280115016000123",
    ),
    "landmark": Case(
        connector=landmark.CONNECTOR,
        account=account({"username": "me", "client_id": "218"}, password="s<cret"),
        number="LTN38570269N1",
        asks="POST https://api.landmarkglobal.com/v2/Track.php",
        headers={"content-type": "application/xml"},
        body="<TrackRequest><Login><Username>me</Username><Password>s&lt;cret</Password></Login><ClientID>218</ClientID>"
        "<TrackingNumber>LTN38570269N1</TrackingNumber><RetrievalType>Historical</RetrievalType></TrackRequest>",
        asked_in="karrio_tracking_samples/landmark__track_request.xsd",
        told_in="karrio_tracking_samples/landmark__track_response.xsd",
        folder="karrio/landmark",
        published={
            "DELIVERED_TRACKING_RESPONSE_XML.xml": (200, ["delivered"]),
            "DELIVERY_FAILED_TRACKING_RESPONSE_XML.xml": (200, ["exception"]),
            "EARLY_STAGE_TRACKING_RESPONSE_XML.xml": (200, ["info_received"]),
            "IN_TRANSIT_TRACKING_RESPONSE_XML.xml": (200, ["in_transit"]),
            "MIDNIGHT_TIME_SORTING_RESPONSE_XML.xml": (200, ["delivered"]),
            "MULTI_LEG_DELIVERED_TRACKING_RESPONSE_XML.xml": (200, ["delivered"]),
            "OUT_FOR_DELIVERY_TRACKING_RESPONSE_XML.xml": (200, ["out_for_delivery"]),
            "TO_BE_ROUTED_TRACKING_RESPONSE_XML.xml": (200, ["info_received"]),
            "TRACKING_RESPONSE_XML.xml": (200, ["in_transit"]),
            "ERROR_RESPONSE_XML.xml": (200, Denied),
        },
        unheard=answer("<TrackResponse><Error><ErrorMessage>No shipment found</ErrorMessage></Error></TrackResponse>"),
    ),
    "postnl": Case(
        connector=postnl.CONNECTOR,
        account=account({}, api_key="s3cret"),
        number="3SABCD1234567",
        asks="GET https://api.postnl.nl/shipment/v2/status/barcode/3SABCD1234567",
        query=(("detail", "true"), ("language", "EN")),
        headers={"apikey": "s3cret"},
        unheard=answer({"CompleteStatus": {"Shipment": None}, "Warnings": [{"Code": "2"}]}),
    ),
    "purolator": Case(
        connector=purolator.CONNECTOR,
        account=account({"key": "app"}, password="s3cret", user_token="t&k"),
        number="329123456789",
        asks="POST https://webservices.purolator.com/PWS/V1/Tracking/TrackingService.asmx",
        headers={
            "authorization": "Basic YXBwOnMzY3JldA==",
            "soapaction": "http://purolator.com/pws/service/v1/TrackPackagesByPin",
        },
        body=f'<soapenv:Envelope {SOAP} xmlns:v1="http://purolator.com/pws/datatypes/v1"><soapenv:Header>'
        "<v1:RequestContext><v1:Version>1.2</v1:Version><v1:Language>en</v1:Language><v1:GroupID/><v1:RequestReference/>"
        "<v1:UserToken>t&amp;k</v1:UserToken></v1:RequestContext></soapenv:Header><soapenv:Body>"
        "<v1:TrackPackagesByPinRequest><v1:PINs><v1:PIN><v1:Value>329123456789</v1:Value></v1:PIN></v1:PINs>"
        "</v1:TrackPackagesByPinRequest></soapenv:Body></soapenv:Envelope>",
        folder="karrio/purolator",
        # A client says in transit of any scan that it does not know: these are "Other": a number was assigned.
        published={"TRACKING_RESPONSE_XML.xml": (200, ["pending"])},
        unheard=answer("<Envelope><TrackingInformation><PIN/><Scans/></TrackingInformation></Envelope>"),
        heard="nothing",
        asked_in="karrio_tracking_samples/purolator__TrackingService.xsd",
        told_in="karrio_tracking_samples/purolator__TrackingService.xsd",
    ),
    "seko": Case(
        connector=seko.CONNECTOR,
        account=account({}, access_key="s3cret"),
        number="999880931315",
        asks="POST https://api.omniparcel.com/labels/statusv2",
        headers={"access_key": "s3cret", "content-type": "application/json; charset=utf-8"},
        body='["999880931315"]',
        folder="karrio/seko",
        published={
            "TrackingResponse.json": (200, ["delivered"]),
            "TrackingResponse2.json": (200, ["info_received"] * 4 + ["not_found"]),  # the one asked about is no other
            "ErrorResponse.json": (400, Refused),
        },
        unheard=answer([]),
    ),
    "sendle": Case(
        connector=sendle.CONNECTOR,
        account=account({"sendle_id": "app"}, api_key="s3cret"),
        number="SRM4QQD",
        asks="GET https://api.sendle.com/api/tracking/SRM4QQD",
        headers={"authorization": "Basic YXBwOnMzY3JldA=="},
        folder="karrio/sendle",
        published={"TrackingResponse.json": (200, ["delivered"]), "ErrorResponse.json": (404, ["not_found"])},
    ),
    "sf_express": Case(
        connector=sf_express.CONNECTOR,
        account=account({"partner_id": "app"}, check_word="s3cret"),
        number="SF1330001234567",
        asks="POST https://sfapi.sf-express.com/std/service",
        body="partnerID=app&requestID=bab91cc1df6bbc49f14c8a51ad826950&serviceCode=EXP_RECE_SEARCH_ROUTES&timestamp=1782907200000&msgDigest=uS34y5toAAYsqMni%2B%2BCD0w%3D%3D"
        "&msgData=%7B%22language%22%3A%221%22%2C%22trackingType%22%3A%221%22%2C%22trackingNumber%22%3A%5B%22"
        "SF1330001234567%22%5D%2C%22methodType%22%3A%221%22%7D",
        unheard=answer(
            {
                "apiResultCode": "A1000",
                "apiResultData": '{"success":true,"msgData":{"routeResps":[{"mailNo":"SF1330001234567"}]}}',
            }
        ),
        heard="nothing",
    ),
    "tnt": Case(
        connector=tnt.CONNECTOR,
        account=account({"username": "app"}, password="s3cret"),
        number="123456782",
        asks="POST https://necta.az.fxei.fedex.com/ectrack/track",
        headers={"authorization": "Basic YXBwOnMzY3JldA==", "content-type": "application/x-www-form-urlencoded"},
        body="xml_in=%3C%3Fxml+version%3D%221.0%22+encoding%3D%22UTF-8%22%3F%3E%3CTrackRequest+locale%3D%22en_US%22"
        "+version%3D%223.1%22%3E%3CSearchCriteria%3E%3CConsignmentNumber%3E123456782%3C%2FConsignmentNumber%3E"
        "%3C%2FSearchCriteria%3E%3CLevelOfDetail%3E%3CComplete%2F%3E%3C%2FLevelOfDetail%3E%3C%2FTrackRequest%3E",
        folder="karrio/tnt",
        # The first and the second are one number that was used again; a client gives no status at all.
        published={
            "TRACKING_RESPONSE.xml": (200, ["delivered", "delivered", "not_found"]),
            "TRACKING_ERROR_RESPONSE.xml": (200, Denied),
        },
        unheard=answer(
            "<TrackResponse><Consignment><ConsignmentNumber>123456782</ConsignmentNumber>"
            "<SummaryCode>CNF</SummaryCode></Consignment></TrackResponse>"
        ),
        asked_in="karrio_tracking_samples/tnt__tracking_request.xsd",
        told_in="karrio_tracking_samples/tnt__tracking_response.xsd",
    ),
    "yunexpress": Case(
        connector=yunexpress.CONNECTOR,
        account=account({"app_id": "app"}, app_secret="s3cret", **UNTIL),
        number="YT2618200702000001",
        asks="GET https://openapi.yunexpress.cn/v1/track-service/info/get",
        query=(("order_number", "YT2618200702000001"),),
        headers={"token": "t0ken", "date": "1782907200000", "sign": "BtTJzNdZg3cAWVMg6Y6p3PofzzYCvpLuozSgfY1q3Q8="},
        unheard=answer({"success": True, "result": {"track_info": []}}),
        heard="nothing",
    ),
}


@dataclass(frozen=True)
class Login:
    """How one carrier lets in: the question, a good answer, and how it says no."""

    connector: Any
    account: Account
    asks: str
    body: str
    token: object
    no: Answer
    headers: Mapping[str, str] = field(default_factory=dict)
    until: str = "2026-07-01T13:00:00+00:00"


LOGINS = {
    "amazon_shipping": Login(
        connector=amazon_shipping.CONNECTOR,
        account=account({"client_id": "app"}, client_secret="s3cret", refresh_token="Atzr|1"),
        asks="POST https://api.amazon.com/auth/o2/token",
        body="grant_type=refresh_token&client_id=app&client_secret=s3cret&refresh_token=Atzr%7C1",
        token={"access_token": "Atza|1", "expires_in": 3600},
        no=answer({"error": "invalid_grant", "error_description": "The request has an invalid grant"}, status=400),
    ),
    "asendia": Login(
        connector=asendia.CONNECTOR,
        account=account({"username": "app"}, password="s3cret"),
        asks="POST https://www.asendia-sync.com/api/authenticate",
        body='{"username":"app","password":"s3cret"}',
        token={"id_token": "h.eyJleHAiOjE3ODI5MTA4MDB9.s"},
        no=answer({"title": "Unauthorized", "detail": "Bad credentials"}, status=401),
    ),
    "dpd": Login(
        connector=dpd.CONNECTOR,
        account=account({"delis_id": "me"}, password="s3cret"),
        asks="POST https://wsshipper.dpd.nl/soap/services/LoginService/V2_1",
        headers={"soapaction": f"{DPD}/LoginService/2.1/getAuth"},
        body=f'<soapenv:Envelope {SOAP} xmlns:l="{DPD}/LoginService/2.1"><soapenv:Header></soapenv:Header>'
        "<soapenv:Body><l:getAuth><delisId>me</delisId><password>s3cret</password><messageLanguage>en_EN</messageLanguage>"
        "</l:getAuth></soapenv:Body></soapenv:Envelope>",
        token="<Envelope><Body><getAuthResponse><return><authToken>t1</authToken>"
        "<authTokenExpires>2026-07-01T15:00:00.06</authTokenExpires></return></getAuthResponse></Body></Envelope>",
        no=answer(
            "<Envelope><Body><Fault><detail><authenticationFault><errorCode>DELICOM_ERR_AUTHENTICATION</errorCode>"
            "<errorMessage>Check delisId and password.</errorMessage></authenticationFault></detail></Fault></Body>"
            "</Envelope>",
            status=500,
        ),
        until="2026-07-01T13:00:00.060000+00:00",
    ),
    "hermes_de": Login(
        connector=hermes_de.CONNECTOR,
        account=account({"client_id": "app", "username": "me"}, client_secret="s3cret", password="w0rd"),
        asks="POST https://authme.myhermes.de/authorization-facade/oauth2/access_token",
        body="grant_type=password&client_id=app&username=me&client_secret=s3cret&password=w0rd",
        token={"access_token": "t1", "expires_in": 3600},
        no=answer({"error": "invalid_grant", "error_description": "The user is not known"}, status=400),
    ),
    "yunexpress": Login(
        connector=yunexpress.CONNECTOR,
        account=account({"app_id": "app"}, app_secret="s3cret", source_key="src"),
        asks="POST https://openapi.yunexpress.cn/openapi/oauth2/token",
        body='{"grantType":"client_credentials","appId":"app","appSecret":"s3cret","sourceKey":"src"}',
        token={"accessToken": "t1", "expiresIn": 3600},
        no=answer({"success": False, "code": "401", "msg": "The app is not known"}),
    ),
}
