# Fotoautomatens texter på svenska. Vänligt och rakt, "du", inga utropstecken; ett fel säger vad man gör nu.

language-name = Svenska
languages = Språk
booth-name = Fotoautomaten
footer = Fotoautomaten · { $place }
ease = Anpassa
help = Hjälp
cancel = Avbryt
close = Klar
back = Tillbaka
end = Avsluta
done = Klar
page-next = Nästa sida
page-back = Förra sidan
step-sign-in = Logga in
step-photo = Foto
step-card = Kort
test-banner = Testläge: inga riktiga kort

## Före besöket

starting = Startar
out-title = Stängt just nu
out-picture = En stängd dörr
out-instead = Beställ kortet i portalen eller fråga vid Infocenter.
out-since = Fungerade senast { $time }. Öppnar igen av sig självt.
attract-title = Byt ut ditt Umu‑kort
attract-start = Börja
attract-phone = Logga in med mobilen
attract-face = Ta ett foto
attract-card = Få kortet direkt
attract-card-later = Hämta kortet senare
attract-time = Det tar ungefär 2 minuter.
attract-bring = Ha din mobil och ditt gamla kort till hands.
attract-later = Just nu kan kortet inte skrivas ut här. Du beställer det nu och hämtar det senare.

## Inloggning

code-title = Logga in med mobilen
code-picture = QR-kod för inloggning
code-coming = Hämtar en kod
code-approved = Inloggad. Hämtar dina uppgifter.
code-step-1 = Öppna kameran i mobilen och rikta den mot koden.
code-step-2 = Logga in med ditt Umu-id.
code-step-3 = Kom tillbaka hit.
code-address = Eller gå till { $address } och skriv
code-left = Koden gäller i { $time }
code-new = Ny kod
code-no-phone = Jag har ingen mobil
staff-picture = Personal vid en disk
no-phone-title = Logga in utan mobil
no-phone-staff = Personalen vid Infocenter kan logga in åt dig. Ta med legitimation.
no-phone-staff-here = Personal loggar in här
no-phone-desk = Gå till Infocenter med legitimation, så beställer personalen kortet åt dig.
no-phone-password = Skriv lösenord här
typing-title = Logga in
typing-name = Umu-id
typing-password = Lösenord
typing-show = Visa lösenordet
typing-hide = Dölj lösenordet
typing-done = Logga in
typing-checking = Kontrollerar
keyboard-letters = qwertyuiopå asdfghjklöä zxcvbnm
keyboard-shift = Skift
keyboard-space = Mellanslag
keyboard-backspace = Sudda
you-title = Är det du?
you-picture = Ditt namn på ett kort
you-kind = Nytt kort: { $kind }
you-choose = Välj vilket kort du vill ha.
you-replaces = Ersätter det du har nu: { $kind }
you-first = Det blir ditt första kort.
you-review = Kortsystemet svarar inte just nu. Du beställer kortet, och beställningen granskas innan kortet görs.
you-resumed = Ditt kort är beställt men inte utskrivet än. Du kan få det nu, utan nytt foto.
you-yes = Ja, det är jag
you-no = Nej, det är inte jag
not-eligible-title = Det går inte att göra ett kort nu
not-eligible = Något hindrar att kortet görs här.
not-eligible-do = Fråga vid Infocenter, så hjälper personalen dig.
not-eligible-no-role = Du har ingen pågående roll som ger rätt till kort.
not-eligible-do-no-role = Är du nyantagen kan det ta en dag. Fråga annars vid Infocenter.
not-eligible-open-order = Du har redan en beställning som inte är klar.
not-eligible-do-open-order = Se i portalen var du hämtar kortet, eller fråga vid Infocenter.
not-eligible-not-old = Ditt kort har redan en kod och behöver inte bytas.
not-eligible-do-not-old = Fungerar kortet inte hjälper Infocenter dig.
not-eligible-denied = Inloggningen nekades i mobilen.
not-eligible-do-denied = Börja om när du vill.
not-eligible-expired = Koden hann gå ut.
not-eligible-do-expired = Börja om, så får du en ny kod.
not-eligible-unreachable = Inloggningen svarar inte.
not-eligible-do-unreachable = Försök igen om en stund, eller fråga vid Infocenter.
not-eligible-refused = Inloggningen godtar inte fotoautomaten just nu.
not-eligible-do-refused = Säg det till personalen vid Infocenter, så ordnar de det.
not-eligible-not-believed = Svaret från inloggningen gick inte att lita på.
not-eligible-do-not-believed = Börja om. Händer det igen, säg till vid Infocenter.
not-eligible-portal-down = Kortsystemet svarar inte.
not-eligible-do-portal-down = Kom tillbaka senare, eller fråga vid Infocenter.
not-eligible-wrong-password = Namnet och lösenordet hör inte ihop. Försök igen.
not-eligible-paused = För många försök. Vänta två minuter och försök igen.
not-eligible-unknown = Vi hittar dig inte i kortsystemet.
not-eligible-do-unknown = Fråga vid Infocenter, så hjälper personalen dig.

## Villkor

consent-title = Så används dina uppgifter
consent-picture = Ett dokument med ett lås
consent-what = Vi sparar ditt foto, ditt namn och uppgifter om kortet.
consent-where = De skickas krypterat till universitetets kortsystem.
consent-long = Här tas de bort när beställningen har kommit fram.
consent-who = Bara personal som arbetar med kort ser fotot.
consent-rules = Kortreglerna gäller, version { $version }.
consent-fee = Kortet kostar { $amount } { $currency }.
consent-library = Kortet ska fungera på biblioteket
consent-accept = Jag godkänner
consent-read = Läs hela texten
consent-page = Hela texten, sida { $page } av { $pages }
consent-close = Klar med texten

## Gamla kortet

old-title = Lägg ditt gamla kort på läsaren
old-title-by-hand = Var är ditt gamla kort?
old-picture = Ett kort läggs på läsaren
old-where = Läsaren sitter nedanför skärmen. Har du inte kortet med dig, säg varför.
old-by-hand = Kortläsaren vilar just nu. Säg hur det är med kortet.
old-stranger = Det kortet är inte ett av dina. Prova ett annat, eller berätta var ditt är.
old-read = Kortet är läst
old-keep = Behåll det tills det nya är klart.
old-handed-in = Jag har det med mig
old-lost = Borttappat
old-stolen = Stulet
old-broken = Trasigt
old-left-at-home = Kvar hemma
old-blocked = Spärras direkt

## Fotot

framing-title = Titta in i kameran
framing-picture = Du i kameran, som i en spegel
framing-by-itself = Bilden tas av sig själv när allt stämmer.
framing-sit = Sitt eller stå, som du vill.
framing-shutter = Ta bilden
framing-failed = Bilden blev inte av. Försök igen.
countdown-title = Titta hit
countdown-stop = Stopp
capturing-title = Tack
review-title = Blir det bra så?
review-picture = Ditt foto, så som det blir på kortet
review-good = Ljus, skärpa och läge är bra.
review-anyway = Du kan använda bilden ändå.
review-use = Använd bilden
review-retake = Ta en ny bild
move-closer = Större
move-wider = Mindre
move-left = Vänster
move-right = Höger
move-up = Upp
move-down = Ner

hint-step-in-front = Ställ dig framför kameran
hint-one-person = En person i taget
hint-come-closer = Kom lite närmare
hint-step-back = Backa lite
hint-move-left = Flytta dig åt vänster
hint-move-right = Flytta dig åt höger
hint-move-up = Lite högre upp
hint-move-down = Lite längre ner
hint-straighten-head = Håll huvudet rakt
hint-look-at-camera = Titta in i kameran
hint-too-dark = För mörkt: vänd dig mot ljuset
hint-too-bright = För ljust: vänd dig från ljuset
hint-turn-to-light = Vänd dig mot ljuset
hint-hold-still = Håll dig stilla en stund
hint-open-eyes = Öppna ögonen
hint-close-mouth = Stäng munnen
hint-plain-background = Bakgrunden är orolig
hint-odd-colours = Färgerna är ovanliga

## Kortet

card-title = Ditt nya kort
card-picture = Ditt nya kort
card-drawing = Kortet ritas
card-look = Stämmer namn och foto? Så här skrivs det ut.
card-later = Kortet görs senare. Du väljer var du hämtar det.
card-print = Skriv ut kortet
card-order = Beställ kortet
card-storing = Sparar
card-wrong-name = Namnet är fel
card-not-drawn = Kortet gick inte att rita. Ta en ny bild, eller fråga vid Infocenter.
card-not-stored = Beställningen gick inte att spara. Inget skrevs ut. Försök igen.
name-title = Namnet är fel
name-why = Namnet kommer från universitetets register och kan inte ändras här.
name-desk = Avbryt och gå till Infocenter med legitimation.
print-title = Kortet skrivs ut
print-picture = Kortet på väg genom skrivaren
print-left = ungefär { $seconds } { $seconds ->
    [one] sekund
   *[other] sekunder
 } kvar
print-old-card = Ditt gamla kort slutar gälla när det nya är klart.
print-stay = Stå kvar, det går fort.
print-paused = Personalen vid Infocenter hjälper dig. Utskriften fortsätter sedan.
step = Förbereder
step-sending = Skickar bilden
step-feeding = Hämtar ett kort
step-yellow = Gult
step-red = Rött
step-blue = Blått
step-black = Svart
step-overcoat = Skyddslager
step-ejecting = Matar ut kortet
back-chip-title = Håll ditt nya kort mot läsaren
back-code-title = Visa kortets kod för kameran
back-done-title = Ditt nya kort är läst
back-chip-picture = Det nya kortet hålls mot läsaren
back-code-picture = Kortets kod visas för kameran
back-chip = Kortets chip
back-code = Kortets kod
back-old-card = Det där är det gamla kortet. Håll fram det nya.
back-skip = Hoppa över
done-title = Varsågod, kortet är ditt
done-picture = Ditt nya kort i handen
done-door = Dörrar: om en liten stund
done-print = Skrivare: om en liten stund
done-library = Bibliotek: om en liten stund
done-old-card = Lägg det gamla kortet i lådan.
done-pin = Pinkoden är densamma. Byt den i portalen.
order-code = Beställning { $code }
later-title = Var vill du hämta kortet?
later-picture = En disk där kort lämnas ut
later-how = Du får ett mejl när kortet finns att hämta.
later-done-title = Kortet är beställt
later-where = Hämta det hos { $place }.
later-bring = Ta med legitimation.
later-mail = Du får ett mejl när det är klart, och ser det i portalen.
staff-not-printed-title = Kortet skrevs inte ut
staff-not-printed = Beställningen är sparad. Du kan försöka igen.
staff-unknown-title = Håller du ditt nya kort?
staff-unknown = Vi vet inte om kortet kom ut. Har du det, visa koden på kortet för kameran.
staff-restart-title = Ett kort väntar på besked
staff-restart = Strömmen bröts under en utskrift. Har du kortet, visa koden på det för kameran.
staff-desk = Annars hjälper personalen vid Infocenter dig.
staff-order = Säg den här koden
staff-again = Försök igen
staff-later = Hämta kortet senare

## Rutor

still-title = Är du kvar?
still-idle = Annars avslutas besöket, och dina uppgifter tas bort.
still-long = Det har tagit en stund. Behöver du mer tid?
still-left = { $seconds } { $seconds ->
    [one] sekund
   *[other] sekunder
 } kvar
still-yes = Ja, mer tid
still-end = Avsluta
help-title = Hjälp
help-here-start = Här byter du ut ditt kort mot ett nytt. Tryck på Börja.
help-here-sign-in = Du loggar in i din egen mobil, så att ingen ser ditt lösenord.
help-here-you = Stämmer inte namnet, svara nej. Då avslutas besöket.
help-here-consent = Godkänner du inte tas inget foto och inget sparas.
help-here-old-card = Lägg kortet plant på läsaren tills du hör ett pip.
help-here-photo = Du får ta hur många bilder du vill.
help-here-card = Ingenting skrivs ut förrän du själv väljer det.
help-where = Personalen finns vid Infocenter, Universumhuset.
help-hours = Öppettiderna står på umu.se/infocenter.
help-call = Telefon 090-786 50 00
ease-title = Anpassa skärmen
ease-large = Större text
ease-contrast = Hög kontrast
ease-speech = Läs upp
ease-low = Knappar långt ner
ease-calm = Inga rörelser

## Det som bara läses upp

speech-choices = { $count ->
    [one] Ett val. Tabb går till det, retur väljer.
   *[other] { $count } val. Tabb går mellan dem, retur väljer.
}
speech-button = knapp
speech-on = på
speech-off = av
speech-chosen = valt
speech-not-chosen = inte valt
speech-field = { $count ->
    [0] fält, tomt
    [one] fält, ett tecken
   *[other] fält, { $count } tecken
}
speech-wait = går inte att välja just nu
speech-on-screen = Står på skärmen.

## Personal

attendant-leave = Lämna
pin-title = För personal
pin = Kod
pin-enter = Logga in
pin-wrong = Fel kod. Försök igen.
pin-locked = För många försök. Vänta en stund.
pin-none = Ingen kod är satt för fotoautomaten.
staff-phone-how = Logga in med ditt eget konto på din egen telefon.
staff-by-pin = Använd en kod i stället
staff-by-phone = Använd telefonen i stället
staff-not-staff = Det kontot får inte sköta den här fotoautomaten.
page-readiness = Läget
page-decision = Att besluta
page-camera = Kamera
page-supplies = Förbrukning
page-assist = Betjäna
assist-how = Varför kan personen inte logga in? Titta på legitimationen.
assist-subject = Personens Umu-id eller nummer
assist-why-guest = Gäst
assist-why-supplier = Leverantör
assist-why-alumnus = Alumn
assist-why-no-phone = Ingen telefon
assist-why-other = Annat skäl
assist-id-seen = Har sett ID
assist-serve = Öppna besöket
assist-unknown = Kortsystemet känner ingen med det namnet.
part-camera = Kamera
part-printer = Skrivare
part-reader = Kortläsare
part-identity = Inloggning
part-portal = Kortsystem
part-store = Beställningar
part-disk = Disk
part-clock = Klocka
attention-set-aside = En skadad fil lades åt sidan. Kör: fotoautomat outbox check
attention-books = Avviker från journalen, kort: { $cards }
attention-overdue = En beställning har väntat för länge.
part-ready = Fungerar
part-absent = Finns inte
part-unknown = Svarar ännu inte
decide-none = Inget kort väntar på beslut.
decide-how = Titta i skrivaren och fråga den som väntar. Kom kortet ut?
decide-printed = Ja, det är utlämnat
decide-not-printed = Nej, inget matades in
decide-void = Kasserat
camera-picture = Kamerans bild
camera-how = Ansiktet ska vara jämnt belyst och bakgrunden lugn.
camera-sharpness = Skärpa { $value }: vrid på fokus tills den är som högst
camera-good = Ljus { $value } av 255: lagom
camera-too-dark = Ljus { $value } av 255: för mörkt
camera-too-bright = Ljus { $value } av 255: för ljust
camera-neutral = Vitt ser vitt ut
camera-warm = Vitt ser gult eller rött ut
camera-cold = Vitt ser blått ut
camera-green = Vitt ser grönt ut
camera-magenta = Vitt ser rosa ut
supply-ribbon = Kort kvar på bandet
supply-printed = Utskrivna kort
supply-waiting = Beställningar på väg
supply-oldest = Äldsta väntar sedan
supply-parked = Stoppade beställningar
supply-unknown = Okänt
supply-minutes = { $minutes } min

## Testläge

desk-nobody = Egen telefon
desk-approve = Godkänn
desk-deny = Neka
desk-old-card = Gammalt kort
desk-new-card = Nytt kort
desk-take-card = Ta kort
desk-faults = Fel
