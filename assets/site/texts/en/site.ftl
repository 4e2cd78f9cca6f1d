# Cards and rules of the institution: one `kind-...` for each kind of card in kiosk.toml, one `consent-page-...` for each
# of consent.pages.

kind-student = Student card

consent-page-1 =
    The card is personal and may not be lent.

    Write here what is stored, why, for how long, and whom to ask about it.
