# Cards and rules of Umeå University.

kind-student = Student card
kind-employee = Employee card
kind-guest = Guest card
kind-external = Card for external staff
kind-function = Function card
kind-temporary = Temporary card
kind-loan = Loan card

consent-page-1 =
    The card is personal and may not be lent. It is a document of value that belongs to Umeå University.

    If you lose the card, block it as soon as you can, in the portal or at Infocenter. The old card stops working when you get a new one.
consent-page-2 =
    Umeå University is responsible for your personal data. The photo and the details are processed to make a card for you, as a task in the public interest.

    The photo is used on the card and in the card system only. It is not compared with other pictures.
consent-page-3 =
    In the photo booth the details are kept encrypted until the card system has received them. Then they are deleted.

    You may ask to see or correct your details. Write to the data protection officer of Umeå University.
