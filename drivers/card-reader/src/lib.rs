//! A contactless reader: the UID of the card that lies on it
