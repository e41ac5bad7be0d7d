"""Small steps that several walks take."""

from __future__ import annotations


def unfold(page, inside) -> None:
    """Open what *inside* is folded in, once its page is there."""
    inside.first.wait_for(state="attached")
    fold = page.locator("details:not([open])", has=inside)
    if fold.count():
        fold.first.locator("summary").first.click()


def press(page, action) -> None:
    """Press the button of the form that goes to *action*; it may lie under a fold."""
    form = page.locator(f'form[action$="{action}"]')
    unfold(page, form)
    form.locator("button").first.click()
