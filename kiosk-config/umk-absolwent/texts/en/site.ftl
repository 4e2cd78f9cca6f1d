# Cards and rules of the alumni programme.

kind-alumni = Alumni Card

consent-page-1 =
    The Alumni Card is personal and may not be lent. The library is used only with a card that has a bar code.

    An old card, written by hand and without a code, is exchanged for a new one. A duplicate costs 10 PLN; its number ends in the letter D.
consent-page-2 =
    The library login is the whole card number, on a duplicate without the letter D. The first password is the bar code. The account works once the library has opened it.

    The deposit of 50 PLN, where the library asks for one, is between you and the library: the photo booth neither takes, notes nor returns it.
consent-page-3 =
    Nicolaus Copernicus University is responsible for your personal data. The photo and the details are used to make the card only; the photo is not compared with others.

    In the photo booth the details are kept encrypted until the card system has received them. Then they are deleted. You may ask to see or correct your details.
