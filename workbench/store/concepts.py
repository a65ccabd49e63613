"""What a financial term means among the rows of statements: a question names a ratio, the statement its parts.

The table is what textbooks of accounting say of ratios, with the names that filings give to such rows; no question was
looked at for it. Rows are told by layout (`documents.structure.Role.ROW`), so it says nothing of other pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

_REVENUE = ("revenue", "revenues", "net sales", "net revenue", "total revenue", "sales")
_COST = ("cost of sales", "cost of goods sold", "cost of revenue", "cost of revenues", "cost of products sold")
_INCOME = ("net income", "net earnings", "net loss")
_OPERATING = ("operating income", "income from operations", "operating profit", "earnings from operations")
_EQUITY = ("total shareholders' equity", "total stockholders' equity", "total equity", "shareholders' equity")
_CURRENT = ("total current assets", "total current liabilities")
_FIXED = ("property and equipment", "property plant and equipment", "net property and equipment")
_SPENT = ("purchases of property", "additions to property", "capital expenditures", "payments for property")
_CASH_FLOW = ("cash provided by operating activities", "cash provided by operations", "cash from operations")
_DEBT = ("long-term debt", "short-term debt", "current portion of long-term debt", "notes payable", "total liabilities")
_STOCK = ("inventories", "inventory", "merchandise inventories")
_OWED = ("accounts receivable", "receivables", "trade receivables")
_OWING = ("accounts payable", "trade payables")
_PAID_OUT = ("dividends", "dividends paid", "cash dividends", "payment of dividends")
_TAX = ("income before income taxes", "earnings before income tax", "provision for income taxes", "income tax expense")
_WORN = ("depreciation", "depreciation and amortization")

ROWS: Mapping[str, Sequence[str]] = {
    "working capital": _CURRENT,
    "current ratio": _CURRENT,
    "liquidity": _CURRENT,
    "quick ratio": (*_CURRENT, *_STOCK),
    "acid test": (*_CURRENT, *_STOCK),
    "cash ratio": ("cash and cash equivalents", "total current liabilities"),
    "capital intensity": ("total assets", *_FIXED, *_SPENT, *_REVENUE),
    "capital expenditure": _SPENT,
    "capex": _SPENT,
    "gross margin": ("gross profit", "gross margin", *_COST, *_REVENUE),
    "gross profit": ("gross profit", *_COST, *_REVENUE),
    "operating margin": (*_OPERATING, *_REVENUE),
    "net margin": (*_INCOME, *_REVENUE),
    "profit margin": (*_INCOME, *_REVENUE),
    "net profit": _INCOME,
    "tax rate": _TAX,
    "return on assets": (*_INCOME, "total assets"),
    "return on equity": (*_INCOME, *_EQUITY),
    "asset turnover": ("total assets", *_FIXED, *_REVENUE),
    "inventory turnover": (*_STOCK, *_COST),
    "days inventory": (*_STOCK, *_COST),
    "payables turnover": (*_OWING, *_COST),
    "days payable": (*_OWING, *_COST),
    "receivables turnover": (*_OWED, *_REVENUE),
    "days sales": (*_OWED, *_REVENUE),
    "cash conversion": (*_STOCK, *_OWED, *_OWING, *_COST),
    "debt to equity": (*_DEBT, *_EQUITY),
    "leverage": (*_DEBT, *_EQUITY),
    "interest coverage": (*_OPERATING, "interest expense"),
    "free cash flow": (*_CASH_FLOW, *_SPENT),
    "operating cash flow": _CASH_FLOW,
    "dividend": _PAID_OUT,
    "payout ratio": (*_PAID_OUT, *_INCOME),
    "retention ratio": (*_PAID_OUT, *_INCOME),
    "ebitda": (*_OPERATING, *_WORN),
    "depreciation": _WORN,
    "book value": _EQUITY,
    "earnings per share": ("basic", "diluted", "diluted earnings per share"),
    "eps": ("basic", "diluted", "diluted earnings per share"),
}
_NAMED = re.compile(rf"\b({'|'.join(re.escape(name).replace(chr(92) + ' ', '[- ]') for name in ROWS)})s?\b")


def rows_meant(text: str) -> Iterator[str]:
    """The labels of rows that a text's financial terms are made of, each once."""
    names = dict.fromkeys(found.replace("-", " ") for found in _NAMED.findall(text.casefold()))
    yield from dict.fromkeys(row for name in names for row in ROWS[name])
