"""An encoder's token policies: the same loaded model under another rule."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Self

from workbench.encoders.base import EncoderInfo
from workbench.errors import InputError


class Policies:
    """What an encoder with token policies does alike. ``info`` says those in force; the tuples those it offers."""

    info: EncoderInfo
    _policies: tuple[str, ...]
    _page_policies: tuple[str, ...]

    def with_policy(self, policy: str = "", pages: str = "") -> Self:
        """The same loaded model under other token policies of queries and of pages; empty leaves one as it is.

        `InputError` for one it does not have.
        """
        wanted = replace(self.info, policy=policy or self.info.policy, page_policy=pages or self.info.page_policy)
        if wanted == self.info:
            return self
        for what, now, then, offered in (
            ("token policy", self.info.policy, wanted.policy, self._policies),
            ("token policy for pages", self.info.page_policy, wanted.page_policy, self._page_policies),
        ):
            if then != now and then not in offered:
                known = ", ".join(offered) or now
                raise InputError(f"The encoder '{self.info.id}' has no {what} '{then}'; it has: {known}.")
        other = copy.copy(self)
        other.info = wanted
        return other
