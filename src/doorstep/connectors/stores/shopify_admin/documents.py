"""What is asked of Shopify's Admin API (GraphQL, 2026-07). A query may cost 1,000 points: objects cost one each, lists
as many as are asked for, lists in lists multiply. So a page is short, and an order that does not fit is asked alone.
"""

from typing import Final

VERSION: Final = "2026-07"
PER_PAGE: Final = 6
# Of an order in a list, and alone: lines, fulfillments, numbers of each, lines of each.
IN_LIST: Final = {"lines": 10, "fulfillments": 5, "numbers": 4, "parts": 10}
ALONE: Final = {"lines": 100, "fulfillments": 10, "numbers": 10, "parts": 30}
_SIZES: Final = ", $lines: Int!, $fulfillments: Int!, $numbers: Int!, $parts: Int!"

_WHOLE: Final = """
fragment Whole on Order {
  legacyResourceId name createdAt updatedAt cancelledAt displayFinancialStatus customerLocale email phone
  shippingAddress { name city zip countryCodeV2 phone }
  lineItems(first: $lines) {
    pageInfo { hasNextPage } nodes { id sku name quantity currentQuantity unfulfilledQuantity requiresShipping }
  }
  fulfillments(first: $fulfillments) {
    legacyResourceId status displayStatus createdAt trackingInfo(first: $numbers) { company number url }
    fulfillmentLineItems(first: $parts) { pageInfo { hasNextPage } nodes { quantity lineItem { id } } }
  }
}"""
ORDERS: Final = (
    f"query Orders($first: Int!, $after: String, $changed: String{_SIZES}) {{"
    """
  orders(first: $first, after: $after, query: $changed, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor } nodes { ...Whole }
  }
}""" + _WHOLE
)
ORDER: Final = f"query Order($id: ID!{_SIZES}) {{ order(id: $id) {{ ...Whole }} }}" + _WHOLE
OPEN: Final = """query Open($id: ID!) {
  order(id: $id) {
    fulfillmentOrders(first: 8) {
      nodes {
        id status fulfillAt supportedActions { action } assignedLocation { location { id } }
        lineItems(first: 50) {
          pageInfo { hasNextPage } nodes { id remainingQuantity requiresShipping lineItem { id } }
        }
      }
    }
  }
}"""
WHO: Final = """query Who {
  shop { name myshopifyDomain }
  currentAppInstallation { accessScopes { handle } }
  orders(first: 1) { nodes { legacyResourceId email phone shippingAddress { name } } }
}"""
SHIP: Final = """mutation Ship($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { legacyResourceId trackingInfo(first: 10) { number } } userErrors { field message }
  }
}"""
RENUMBER: Final = """mutation Renumber($id: ID!, $tracking: FulfillmentTrackingInput!, $notify: Boolean) {
  fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: $notify) {
    fulfillment { legacyResourceId trackingInfo(first: 10) { number } } userErrors { field message }
  }
}"""
CANCEL: Final = """mutation Cancel($id: ID!) {
  fulfillmentCancel(id: $id) { fulfillment { status } userErrors { field message } }
}"""
EVENTS: Final = """query Events($id: ID!) {
  fulfillment(id: $id) { events(first: 50, reverse: true) { nodes { status happenedAt } } }
}"""
TELL: Final = """mutation Tell($event: FulfillmentEventInput!) {
  fulfillmentEventCreate(fulfillmentEvent: $event) { fulfillmentEvent { id } userErrors { field message } }
}"""
HOOKS: Final = """query Hooks($uri: String!) {
  webhookSubscriptions(first: 50, uri: $uri) { nodes { topic } }
}"""
HOOK: Final = """mutation Hook($topic: WebhookSubscriptionTopic!, $hook: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $hook) {
    webhookSubscription { id } userErrors { field message }
  }
}"""
