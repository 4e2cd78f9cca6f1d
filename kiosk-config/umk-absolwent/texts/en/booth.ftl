# The booth's texts in English. Friendly and plain, "you", no exclamation marks; an error says what to do next.

language-name = English
languages = Language
booth-name = Photo booth
footer = Photo booth · { $place }
ease = Ease of use
help = Help
cancel = Cancel
close = Close
back = Back
end = End
done = Done
page-next = Next page
page-back = Previous page
step-sign-in = Sign in
step-photo = Photo
step-card = Card
test-banner = Test mode: no real cards

## Before the visit

starting = Starting
out-title = Closed for now
out-picture = A closed door
out-instead = Order the card on the alumni programme's pages, or ask in the library.
out-since = Last worked at { $time }. Opens again by itself.
attract-title = Get your Alumni Card
attract-start = Start
attract-phone = Sign in with your phone
attract-face = Take a photo
attract-card = Get the card at once
attract-card-later = Fetch the card later
attract-time = It takes about 2 minutes.
attract-bring = Have your phone and your old card at hand.
attract-later = The card cannot be printed here right now. You order it now and fetch it later.

## Sign-in

code-title = Sign in with your phone
code-picture = QR code for signing in
code-coming = Fetching a code
code-approved = Signed in. Fetching your details.
code-step-1 = Open the camera of your phone and point it at the code.
code-step-2 = Sign in with your alumni account.
code-step-3 = Come back here.
code-address = Or go to { $address } and type
code-left = The code is valid for { $time }
code-new = New code
code-no-phone = I have no phone
staff-picture = Staff at a desk
no-phone-title = Sign in without a phone
no-phone-staff = The library staff can sign you in. Bring proof of identity.
no-phone-desk = Go to the library's information desk with proof of identity, and the staff will order the card for you.
no-phone-password = Type a password here
typing-title = Sign in
typing-name = User name
typing-password = Password
typing-show = Show the password
typing-hide = Hide the password
typing-done = Sign in
typing-checking = Checking
keyboard-letters = qwertyuiop asdfghjkl zxcvbnm
keyboard-shift = Shift
keyboard-space = Space
keyboard-backspace = Delete
you-title = Is this you?
you-picture = Your name on a card
you-kind = New card: { $kind }
you-choose = Choose which card you want.
you-replaces = Replaces the one you have: { $kind }
you-first = It will be your first card.
you-yes = Yes, that is me
you-no = No, that is not me
not-eligible-title = A card cannot be made now
not-eligible = Something prevents the card from being made here.
not-eligible-do = Ask in the library, and the staff will help you.
not-eligible-no-role = This account does not give a right to a card.
not-eligible-do-no-role = Just after graduation it can take a few days. Otherwise ask in the library.
not-eligible-open-order = You already have an order that is not finished.
not-eligible-do-open-order = See in your account where to fetch the card, or ask in the library.
not-eligible-not-old = Your card has a bar code already and need not be replaced.
not-eligible-do-not-old = If the card does not work, the library staff will help you.
not-eligible-denied = The sign-in was declined on the phone.
not-eligible-do-denied = Start again whenever you like.
not-eligible-expired = The code ran out.
not-eligible-do-expired = Start again, and you get a new code.
not-eligible-unreachable = The sign-in does not answer.
not-eligible-do-unreachable = Try again in a while, or ask in the library.
not-eligible-refused = The sign-in does not accept this photo booth right now.
not-eligible-do-refused = Tell the library staff, and they will see to it.
not-eligible-not-believed = The answer from the sign-in could not be trusted.
not-eligible-do-not-believed = Start again. If it happens again, tell the library staff.
not-eligible-portal-down = The card system does not answer.
not-eligible-do-portal-down = Come back later, or ask in the library.
not-eligible-wrong-password = The name and the password do not belong together. Try again.
not-eligible-paused = Too many attempts. Wait two minutes and try again.
not-eligible-unknown = We cannot find you in the card system.
not-eligible-do-unknown = Ask in the library, and the staff will help you.

## Terms

consent-title = How your details are used
consent-picture = A document with a lock
consent-what = We store your photo, your name and details of the card.
consent-where = They are sent encrypted to the university's card system.
consent-long = They are deleted here once the order has arrived.
consent-who = Only staff who work with cards see the photo.
consent-rules = The card rules apply, version { $version }.
consent-fee = A duplicate costs { $amount } { $currency }. The photo booth notes the fee and takes no money.
consent-library = I wish to use the library with this card
consent-accept = I accept
consent-read = Read the whole text
consent-page = The whole text, page { $page } of { $pages }
consent-close = Finished reading

## The old card

old-title = Put your old card on the reader
old-title-by-hand = Where is your old card?
old-picture = A card is put on the reader
old-where = The reader is below the screen. If you do not have the card with you, say why.
old-by-hand = An old card, written by hand and without a bar code, is exchanged for a new one.
old-read = The card has been read
old-keep = Keep it until the new one is ready.
old-handed-in = I have it with me
old-lost = Lost
old-stolen = Stolen
old-broken = Broken
old-left-at-home = Left at home
old-blocked = Blocked at once

## The photograph

framing-title = Look into the camera
framing-picture = You in the camera, as in a mirror
framing-by-itself = The photo takes itself when all is well.
framing-sit = Sit or stand, as you like.
framing-shutter = Take the photo
framing-failed = There was no photo. Try again.
countdown-title = Look here
countdown-stop = Stop
capturing-title = Thank you
review-title = Are you happy with this?
review-picture = Your photo, as it will be on the card
review-good = Light, sharpness and position are good.
review-anyway = You can use the photo anyway.
review-use = Use this photo
review-retake = Take a new photo
move-closer = Larger
move-wider = Smaller
move-left = Left
move-right = Right
move-up = Up
move-down = Down

hint-step-in-front = Stand in front of the camera
hint-one-person = One person at a time
hint-come-closer = Come a little closer
hint-step-back = Step back a little
hint-move-left = Move to the left
hint-move-right = Move to the right
hint-move-up = Come up a little
hint-move-down = Come down a little
hint-straighten-head = Hold your head straight
hint-look-at-camera = Look into the camera
hint-too-dark = It is too dark
hint-too-bright = It is too bright
hint-turn-to-light = Turn towards the light
hint-hold-still = Hold still
hint-open-eyes = Open your eyes
hint-close-mouth = Close your mouth
hint-plain-background = The background is busy
hint-odd-colours = The colours are unusual

## The card

card-title = Your new card
card-picture = Your new card
card-drawing = Drawing the card
card-look = Are name and photo right? This is how it will be printed.
card-later = The card is made later. You choose where to fetch it.
card-print = Print my card
card-order = Order the card
card-storing = Saving
card-wrong-name = The name is wrong
card-not-drawn = The card could not be drawn. Take a new photo, or ask in the library.
card-not-stored = The order could not be saved. Nothing was printed. Try again.
name-title = The name is wrong
name-why = The name comes from the university's register and cannot be changed here.
name-desk = Cancel and go to the library's information desk with proof of identity.
print-title = Printing your card
print-picture = The card on its way through the printer
print-left = about { $seconds } { $seconds ->
    [one] second
   *[other] seconds
 } left
print-old-card = Your old card stops working when the new one is ready.
print-stay = Stay here, it will not take long.
print-paused = The library staff will help you. Printing then goes on.
step = Preparing
step-sending = Sending the picture
step-feeding = Drawing in a card
step-yellow = Yellow
step-red = Red
step-blue = Blue
step-black = Black
step-overcoat = Protective layer
step-ejecting = Handing out the card
back-chip-title = Hold your new card to the reader
back-code-title = Show the card's code to the camera
back-done-title = Your new card has been read
back-chip-picture = The new card is held to the reader
back-code-picture = The card's code is shown to the camera
back-chip = The card's chip
back-code = The card's code
back-old-card = That is the old card. Hold up the new one.
back-skip = Skip
done-title = Here you are, the card is yours
done-picture = Your new card in your hand
done-door = Doors: in a little while
done-print = Printers: in a little while
done-library = Library: when the library has opened the account
done-old-card = Put the old card in the box.
done-pin = Your first library password is the code of the bars on the back. The login is the card number without the letter D.
order-code = Order { $code }
later-title = Where do you want to fetch the card?
later-picture = A desk where cards are handed out
later-how = You get a message when the card is ready.
later-done-title = The card is ordered
later-where = Fetch it at { $place }.
later-bring = Bring proof of identity.
later-mail = You get a message when it is ready, and see it in your account.
staff-not-printed-title = The card was not printed
staff-not-printed = The order is saved. You can try again.
staff-unknown-title = Do you hold your new card?
staff-unknown = We do not know whether your card came out. If you have it, show the code on it to the camera.
staff-restart-title = A card waits for an answer
staff-restart = The power went during a print. If you have the card, show the code on it to the camera.
staff-desk = Otherwise the library staff will help you.
staff-order = Say this code
staff-again = Try again
staff-later = Fetch the card later

## Sheets

still-title = Are you still there?
still-idle = Otherwise the visit ends, and your details are deleted.
still-long = It has taken a while. Do you need more time?
still-left = { $seconds } { $seconds ->
    [one] second
   *[other] seconds
 } left
still-yes = Yes, more time
still-end = End the visit
help-title = Help
help-here-start = Here you replace your card with a new one. Press Start.
help-here-sign-in = You sign in on your own phone, so that nobody sees your password.
help-here-you = If the name is not yours, answer no. The visit then ends.
help-here-consent = If you do not accept, no photo is taken and nothing is stored.
help-here-old-card = Say where the old card is. One that is lost or stolen is blocked at once.
help-here-photo = You may take as many photos as you like.
help-here-card = Nothing is printed until you choose so yourself.
help-where = The staff are at the library's information desk.
help-hours = The opening hours are on bu.umk.pl.
help-call = Ask in person at the library's information desk.
ease-title = Ease of use
ease-large = Larger text
ease-contrast = High contrast
ease-speech = Read aloud
ease-low = Controls lower
ease-calm = No motion

## What is only read aloud

speech-choices = { $count ->
    [one] One choice. Tab goes to it, Enter chooses.
   *[other] { $count } choices. Tab goes through them, Enter chooses.
}
speech-button = button
speech-on = on
speech-off = off
speech-chosen = chosen
speech-not-chosen = not chosen
speech-field = { $count ->
    [0] field, empty
    [one] field, one character
   *[other] field, { $count } characters
}
speech-wait = cannot be chosen just now
speech-on-screen = It is on the screen.

## Staff

attendant-leave = Leave
pin-title = For staff
pin = Code
pin-enter = Sign in
pin-wrong = Wrong code. Try again.
pin-locked = Too many attempts. Wait a while.
pin-none = No code is set for this photo booth.
page-readiness = Readiness
page-decision = To decide
page-camera = Camera
page-supplies = Supplies
part-camera = Camera
part-printer = Printer
part-reader = Card reader
part-identity = Sign-in
part-portal = Card system
part-store = Orders
part-disk = Disk
part-clock = Clock
attention-set-aside = A damaged file was put aside. Run: fotoautomat outbox check
attention-books = Differs from the journal, cards: { $cards }
attention-overdue = An order has waited too long.
part-ready = Works
part-absent = None here
part-unknown = No answer yet
decide-none = No card waits for a decision.
decide-how = Look into the printer and ask the person waiting. Did the card come out?
decide-printed = Yes, it was handed over
decide-not-printed = No, nothing was drawn in
decide-void = Destroyed
camera-picture = The camera's picture
camera-how = The face shall be evenly lit and the background calm.
camera-sharpness = Sharpness { $value }: turn the focus until it is highest
camera-good = Light { $value } of 255: good
camera-too-dark = Light { $value } of 255: too dark
camera-too-bright = Light { $value } of 255: too bright
camera-neutral = White looks white
camera-warm = White looks yellow or red
camera-cold = White looks blue
camera-green = White looks green
camera-magenta = White looks pink
supply-ribbon = Cards left on the ribbon
supply-printed = Cards printed
supply-waiting = Orders on their way
supply-oldest = Oldest has waited
supply-parked = Orders held up
supply-unknown = Unknown
supply-minutes = { $minutes } min

## Test mode

desk-nobody = Own phone
desk-approve = Approve
desk-deny = Deny
desk-old-card = Old card
desk-new-card = New card
desk-take-card = Take card
desk-faults = Faults
no-phone-staff-here = Staff sign in here
you-review = The card system does not answer right now. You order the card, and it is checked before it is made.
you-resumed = Your card is ordered and not printed yet. You can have it now, without a new photo.
old-stranger = That card is not one of yours. Try another, or say where yours is.
staff-phone-how = Sign in with your own account on your own phone.
staff-by-pin = Use a PIN instead
staff-by-phone = Use the phone instead
staff-not-staff = That account may not look after this photo booth.
page-assist = Serve
assist-subject = The person's user name or number
assist-why-guest = Guest
assist-why-supplier = Supplier
assist-why-alumnus = Alumnus
assist-why-no-phone = No phone
assist-why-other = Other reason
assist-id-seen = I have seen proof of identity
assist-serve = Open the visit
assist-unknown = The card system knows nobody of that name.
assist-how = Why can the person not sign in? Look at their proof of identity.
