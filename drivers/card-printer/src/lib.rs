//! Card printers: a card image becomes a printed card
