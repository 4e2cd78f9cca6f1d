# Why something does not work: one sentence for the visitor. `reason-<part>` is said where a fault has none of its own.

reason = Something in the photo booth needs seeing to.
reason-camera = The camera does not answer.
reason-printer = The card printer needs seeing to.
reason-reader = The card reader does not answer.
reason-identity = The sign-in does not answer.
reason-portal = The card system does not answer.
reason-store = Orders cannot be saved right now.
reason-disk = The photo booth's disk is full.
reason-clock = The photo booth's clock is wrong.
reason-printer-no-cards = The printer has run out of cards.
reason-printer-ribbon-out = The printer has run out of ribbon.
reason-printer-cover-open = The printer's cover is open.
reason-printer-card-jam = A card is stuck in the printer.
reason-printer-unplugged = The card printer does not answer.
reason-printer-crashed = The card printer is being started again. It takes a moment.
reason-camera-unplugged = The camera does not answer.
reason-camera-frozen = The camera gave no picture. Try again.
reason-camera-crashed = The camera is being started again. It takes a moment.
reason-reader-crashed = The card reader is being started again. It takes a moment.
reason-identity-other-network = This photo booth may not sign anybody in where it stands.
