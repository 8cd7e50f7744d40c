"""Other systems' words for our statuses, in both directions."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.status import Reason, Status
from doorstep.core.status_maps import Code, Reading, System, codes, from_system, to_system

# The words of each system, as its documentation or its schema lists them.
MAIN = {
    System.AFTERSHIP: """Pending InfoReceived InTransit OutForDelivery AttemptFail Delivered AvailableForPickup
        Exception Expired""",
    System.SEVENTEEN_TRACK: """NotFound InfoReceived InTransit Expired AvailableForPickup OutForDelivery DeliveryFailure
        Delivered Exception""",
    System.EASYPOST: """unknown pre_transit in_transit out_for_delivery delivered available_for_pickup return_to_sender
        failure cancelled error""",
    System.SHIPPO: "UNKNOWN PRE_TRANSIT TRANSIT DELIVERED RETURNED FAILURE",
    System.SHIP24: """pending info_received in_transit out_for_delivery failed_attempt available_for_pickup delivered
        exception""",
    System.TRACKINGMORE: "pending notfound inforeceived transit pickup delivered undelivered exception expired",
    System.KARRIO: """pending picked_up on_hold cancelled delivered in_transit delivery_failed delivery_delayed
        out_for_delivery ready_for_pickup return_to_sender unknown""",
    System.SHOPIFY: """ATTEMPTED_DELIVERY CARRIER_PICKED_UP CONFIRMED DELAYED DELIVERED FAILURE IN_TRANSIT LABEL_PRINTED
        LABEL_PURCHASED OUT_FOR_DELIVERY READY_FOR_PICKUP PICKED_UP BUYER_ACTION_REQUIRED READY_FOR_RECIPIENT_PICKUP
        RETURNING_TO_SENDER""",
    System.PAYPAL: """CANCELLED DELIVERED LOCAL_PICKUP ON_HOLD SHIPPED SHIPMENT_CREATED DROPPED_OFF IN_TRANSIT RETURNED
        LABEL_PRINTED ERROR UNCONFIRMED PICKUP_FAILED DELIVERY_DELAYED DELIVERY_SCHEDULED DELIVERY_FAILED INRETURN
        IN_PROCESS NEW VOID PROCESSED NOT_SHIPPED COMPLETED""",
}
DETAIL = {
    System.AFTERSHIP: """Delivered_1-5 AvailableForPickup_1-1 Exception_1-21 AttemptFail_1-3 InTransit_1-9
        InfoReceived_1-1 OutForDelivery_1-4 Pending_1-6 Expired_1-1""",
    System.SEVENTEEN_TRACK: """NotFound_Other NotFound_InvalidCode InfoReceived InTransit_PickedUp InTransit_Other
        InTransit_Departure InTransit_Arrival InTransit_CustomsProcessing InTransit_CustomsReleased
        InTransit_CustomsRequiringInformation Expired_Other AvailableForPickup_Other OutForDelivery_Other
        DeliveryFailure_Other DeliveryFailure_NoBody DeliveryFailure_Security DeliveryFailure_Rejected
        DeliveryFailure_InvalidAddress Delivered_Other Exception_Other Exception_Returning Exception_Returned
        Exception_NoBody Exception_Security Exception_Damage Exception_Rejected Exception_Delayed Exception_Lost
        Exception_Destroyed Exception_Cancel""",
    System.EASYPOST: """address_correction arrived_at_destination arrived_at_facility arrived_at_pickup_location
        awaiting_information cancelled damaged delayed delivery_exception departed_facility departed_origin_facility
        expired failure held in_transit label_created lost missorted out_for_delivery received_at_destination_facility
        received_at_origin_facility refused return status_update transferred_to_destination_carrier transit_exception
        unknown weather_delay""",
    System.SHIPPO: """information_received address_issue contact_carrier delayed delivery_attempted delivery_rescheduled
        delivery_scheduled location_inaccessible notice_left out_for_delivery package_accepted package_arrived
        package_damaged package_departed package_forwarded package_held package_processed package_processing
        pickup_available reschedule_delivery delivered package_unclaimed return_to_sender package_undeliverable
        package_disposed package_lost other""",
    System.SHIP24: """data_order_created data_order_cancelled data_delivery_proposed data_delivery_decided
        transit_handover transit_origin_country_departure destination_arrival customs_received customs_exception
        customs_rejected customs_cleared delivery_available_for_pickup delivery_out_for_delivery delivery_attempted
        delivery_exception delivery_refused delivery_delivered exception_return exception_lost exception_discarded""",
    System.TRACKINGMORE: "notfound1-2 transit1-7 pickup1-3 delivered1-4 undelivered1-4 exception1-11 expired1-1",
    System.KARRIO: """carrier_damaged_parcel carrier_sorting_error carrier_address_not_found carrier_parcel_lost
        carrier_not_enough_time carrier_vehicle_issue carrier_capacity_exceeded carrier_mechanical_delay
        retailer_cancelled retailer_incorrect_data retailer_not_ready retailer_incorrect_parcel
        retailer_incorrect_dimensions retailer_packaging_issue consignee_refused consignee_business_closed
        consignee_not_available consignee_not_home consignee_cancelled consignee_verification_failed
        consignee_incorrect_address consignee_access_restricted consignee_safe_place_unavailable customs_delay
        customs_documentation customs_duties_unpaid customs_prohibited customs_inspection weather_delay natural_disaster
        force_majeure parcel_being_researched security_issue regulatory_hold unknown""",
    System.SHOPIFY: "",
    System.PAYPAL: "",
}
SAID_AS_UNKNOWN = {"unknown", "UNKNOWN", "error", "UNCONFIRMED"}
PAGE = Path(__file__).parents[2] / "docs/reference/statuses.md"
each = pytest.mark.parametrize("system", System)


def words(text):
    """The words; name1-3 stands for three with numbers of three digits."""
    for word in text.split():
        name, _, numbers = word.partition("1-")
        yield from (f"{name}{number:03}" for number in range(1, int(numbers) + 1)) if numbers else [word]


@each
def test_every_main_word_of_theirs_is_known(system):
    for word in words(MAIN[system]):
        reading = from_system(system, word)
        assert not reading.unknown
        assert (reading.status is Status.UNKNOWN) == (word in SAID_AS_UNKNOWN), word


@each
def test_every_detail_of_theirs_is_known(system):
    assert not [detail for detail in words(DETAIL[system]) if from_system(system, "", detail).unknown]


@each
@given(
    main=st.text(max_size=9) | st.sampled_from(["Pending", "InTransit", "delivered", "TRANSIT", "exception"]),
    detail=st.text(max_size=9) | st.sampled_from(["InTransit_003", "lost", "customs_delay", "transit001"]),
)
def test_no_word_of_theirs_raises_and_a_strange_one_is_told(system, main, detail):
    known_mains = {"", *words(MAIN[system]), *(main for main, _ in codes(system))}
    known_details = {"", *words(DETAIL[system]), *(detail for _, detail in codes(system))}
    strange = [*({detail} - known_details), *({main} - known_mains)]
    assert from_system(system, main, detail).unknown == (strange[0] if strange else "")


@each
def test_two_strange_words_are_unknown_and_nothing_is_guessed(system):
    assert from_system(system, "Teleported", "Teleported_7") == Reading(status=Status.UNKNOWN, unknown="Teleported_7")
    assert from_system(system, "") == Reading(status=Status.UNKNOWN)


def test_a_known_main_word_carries_a_strange_detail():
    assert from_system(System.AFTERSHIP, "InTransit", "InTransit_999") == Reading(
        status=Status.IN_TRANSIT, unknown="InTransit_999"
    )


def test_the_main_word_wins_and_the_detail_gives_the_reason():
    assert from_system(System.KARRIO, "delivered", "consignee_refused") == Reading(
        status=Status.DELIVERED, reason=Reason.REFUSED
    )
    assert from_system(System.KARRIO, "", "consignee_refused") == Reading(status=Status.UNKNOWN, reason=Reason.REFUSED)
    assert from_system(System.EASYPOST, "delivered", "arrived_at_destination").status is Status.DELIVERED
    assert from_system(System.EASYPOST, "in_transit", "arrived_at_destination").status is Status.ARRIVED


@each
def test_every_status_of_ours_has_a_word_there_or_nothing_is_said(system):
    for status in Status:
        for reason in (None, *Reason):
            code = to_system(system, status, reason)
            assert code == Code() or not from_system(system, code.main, code.detail).unknown, (status, reason)


@each
def test_what_we_say_there_is_what_they_would_understand(system):
    """Delivered, returned, lost: nothing that ends a journey is ever read out of something that does not."""
    ends = {Status.DELIVERED, Status.CANCELLED, Status.RETURNED}
    for status in set(Status) - ends:
        code = to_system(system, status)
        assert from_system(system, code.main, code.detail).status not in ends


def test_there_and_back_keeps_their_main_word_but_for_the_losses_on_the_page():
    lost = {
        (system, f"{main}/{detail}" if detail else main, reading.status, back.main)
        for system in System
        for (main, detail), reading in codes(system).items()
        if main and (back := to_system(system, reading.status, reading.reason)).main != main
    }
    told = {tuple(cell.strip(" `") for cell in row.split("|")[1:5]) for row in PAGE.read_text().splitlines()}
    assert lost == {row for row in told if row and row[0] in set(System)}


def test_a_reason_that_is_said_apart_goes_along():
    assert to_system(System.KARRIO, Status.ATTEMPT_FAILED, Reason.REFUSED) == Code(
        main="delivery_failed", detail="consignee_refused"
    )
    assert to_system(System.AFTERSHIP, Status.IN_TRANSIT, Reason.SECURITY) == Code(
        main="InTransit", detail="InTransit_001"
    )
    assert to_system(System.PAYPAL, Status.EXPIRED, Reason.LOST) == Code()
