"""What is asked of Shopify's Customer Account API (GraphQL, 2026-07): the orders of whoever signed in, and nothing that
says who or where they are.
"""

from typing import Final

PER_PAGE: Final = 4
# Of an order in a list, and alone: lines, fulfillments, lines of each.
IN_LIST: Final = {"lines": 10, "fulfillments": 5, "parts": 10}
ALONE: Final = {"lines": 100, "fulfillments": 10, "parts": 30}
_SIZES: Final = ", $lines: Int!, $fulfillments: Int!, $parts: Int!"

_WHOLE: Final = """
fragment Whole on Order {
  id name createdAt updatedAt cancelledAt financialStatus
  lineItems(first: $lines) { pageInfo { hasNextPage } nodes { id name sku quantity requiresShipping } }
  fulfillments(first: $fulfillments) {
    pageInfo { hasNextPage }
    nodes {
      id status createdAt latestShipmentStatus trackingInformation { company number url }
      fulfillmentLineItems(first: $parts) { pageInfo { hasNextPage } nodes { quantity lineItem { id } } }
    }
  }
}"""
WHO: Final = "query Who { customer { id } shop { name } }"
ORDERS: Final = (
    f"query Orders($first: Int!, $after: String, $changed: String{_SIZES}) {{"
    """
  customer {
    orders(first: $first, after: $after, query: $changed, sortKey: UPDATED_AT) {
      pageInfo { hasNextPage endCursor } nodes { ...Whole }
    }
  }
}""" + _WHOLE
)
ORDER: Final = f"query Order($id: ID!{_SIZES}) {{ order(id: $id) {{ ...Whole }} }}" + _WHOLE
