# Teksty fotoautomatu po polsku. Życzliwie i prosto, na „ty”, bez wykrzykników; komunikat o błędzie mówi, co zrobić dalej.

language-name = Polski
languages = Język
booth-name = Fotoautomat
footer = Fotoautomat · { $place }
ease = Ułatwienia
help = Pomoc
cancel = Anuluj
close = Zamknij
back = Wstecz
end = Zakończ
done = Gotowe
page-next = Następna strona
page-back = Poprzednia strona
step-sign-in = Logowanie
step-photo = Zdjęcie
step-card = Karta
test-banner = Tryb testowy: to nie są prawdziwe karty

## Przed wizytą

starting = Uruchamianie
out-title = Chwilowo nieczynne
out-picture = Zamknięte drzwi
out-instead = Zamów kartę na stronie programu Absolwent lub zapytaj w bibliotece.
out-since = Ostatnio działał o { $time }. Włączy się ponownie sam.
attract-title = Odbierz Kartę Absolwenta
attract-start = Rozpocznij
attract-phone = Zaloguj się telefonem
attract-face = Zrób zdjęcie
attract-card = Odbierz kartę od razu
attract-card-later = Odbierz kartę później
attract-time = To zajmie około 2 minut.
attract-bring = Przygotuj telefon i starą kartę.
attract-later = Teraz nie można tu wydrukować karty. Zamówisz ją teraz, a odbierzesz później.

## Logowanie

code-title = Zaloguj się telefonem
code-picture = Kod QR do logowania
code-coming = Pobieranie kodu
code-approved = Zalogowano. Pobieranie twoich danych.
code-step-1 = Otwórz aparat w telefonie i skieruj go na kod.
code-step-2 = Zaloguj się na swoje konto absolwenta.
code-step-3 = Wróć tutaj.
code-address = Albo wejdź na { $address } i wpisz
code-left = Kod jest ważny jeszcze { $time }
code-new = Nowy kod
code-no-phone = Nie mam telefonu
staff-picture = Pracownik przy biurku
no-phone-title = Logowanie bez telefonu
no-phone-staff = Pracownik biblioteki może cię zalogować. Weź ze sobą dokument tożsamości.
no-phone-desk = Podejdź do informacji w bibliotece z dokumentem tożsamości, a pracownik zamówi kartę za ciebie.
no-phone-password = Wpisz hasło tutaj
typing-title = Zaloguj się
typing-name = Nazwa użytkownika
typing-password = Hasło
typing-show = Pokaż hasło
typing-hide = Ukryj hasło
typing-done = Zaloguj
typing-checking = Sprawdzanie
keyboard-letters = qwertyuiop asdfghjkl zxcvbnm
keyboard-shift = Shift
keyboard-space = Spacja
keyboard-backspace = Usuń
you-title = Czy to ty?
you-picture = Twoje imię i nazwisko na karcie
you-kind = Nowa karta: { $kind }
you-choose = Wybierz, którą kartę chcesz otrzymać.
you-replaces = Zastąpi tę, którą masz: { $kind }
you-first = To będzie twoja pierwsza karta.
you-yes = Tak, to ja
you-no = Nie, to nie ja
not-eligible-title = Teraz nie można wydać karty
not-eligible = Coś uniemożliwia wydanie karty w tym miejscu.
not-eligible-do = Zapytaj w bibliotece, pracownik ci pomoże.
not-eligible-no-role = Z tym kontem nie jest związane prawo do karty.
not-eligible-do-no-role = Świeżo po dyplomie może to potrwać kilka dni. W innym wypadku zapytaj w bibliotece.
not-eligible-open-order = Masz już zamówienie, które nie zostało zakończone.
not-eligible-do-open-order = Sprawdź na swoim koncie, gdzie odebrać kartę, lub zapytaj w bibliotece.
not-eligible-not-old = Twoja karta ma już kod kreskowy i nie trzeba jej wymieniać.
not-eligible-do-not-old = Jeśli karta nie działa, pomoże ci pracownik biblioteki.
not-eligible-denied = Logowanie zostało odrzucone w telefonie.
not-eligible-do-denied = Możesz zacząć od nowa w każdej chwili.
not-eligible-expired = Kod stracił ważność.
not-eligible-do-expired = Zacznij od nowa, a otrzymasz nowy kod.
not-eligible-unreachable = System logowania nie odpowiada.
not-eligible-do-unreachable = Spróbuj za chwilę lub zapytaj w bibliotece.
not-eligible-refused = System logowania nie przyjmuje teraz zgłoszeń z tego fotoautomatu.
not-eligible-do-refused = Powiedz o tym w bibliotece, pracownik się tym zajmie.
not-eligible-not-believed = Nie można było zaufać odpowiedzi systemu logowania.
not-eligible-do-not-believed = Zacznij od nowa. Jeśli to się powtórzy, powiedz o tym w bibliotece.
not-eligible-portal-down = System kart nie odpowiada.
not-eligible-do-portal-down = Przyjdź później lub zapytaj w bibliotece.
not-eligible-wrong-password = Nazwa użytkownika i hasło do siebie nie pasują. Spróbuj ponownie.
not-eligible-paused = Zbyt wiele prób. Odczekaj dwie minuty i spróbuj ponownie.
not-eligible-unknown = Nie znajdujemy cię w systemie kart.
not-eligible-do-unknown = Zapytaj w bibliotece, pracownik ci pomoże.

## Zasady

consent-title = Jak korzystamy z twoich danych
consent-picture = Dokument z kłódką
consent-what = Zapisujemy zdjęcie, imię i nazwisko oraz dane karty.
consent-where = Wysyłamy je zaszyfrowane do systemu kart uniwersytetu.
consent-long = Usuwamy je stąd, gdy zamówienie dotrze na miejsce.
consent-who = Zdjęcie widzą tylko osoby, które zajmują się kartami.
consent-rules = Obowiązuje regulamin karty, wersja { $version }.
consent-fee = Duplikat kosztuje { $amount } { $currency }. Fotoautomat zapisuje opłatę, ale nie przyjmuje pieniędzy.
consent-library = Chcę korzystać z biblioteki z tą kartą
consent-accept = Zgadzam się
consent-read = Przeczytaj cały tekst
consent-page = Cały tekst, strona { $page } z { $pages }
consent-close = Przeczytane

## Stara karta

old-title = Połóż starą kartę na czytniku
old-title-by-hand = Gdzie jest twoja stara karta?
old-picture = Karta kładziona na czytniku
old-where = Czytnik jest pod ekranem. Jeśli nie masz karty przy sobie, powiedz dlaczego.
old-by-hand = Starą kartę, wypisaną ręcznie i bez kodu kreskowego, wymieniamy na nową.
old-read = Karta została odczytana
old-keep = Zatrzymaj ją, dopóki nowa nie będzie gotowa.
old-handed-in = Mam ją przy sobie
old-lost = Zgubiona
old-stolen = Skradziona
old-broken = Zniszczona
old-left-at-home = Została w domu
old-blocked = Zablokujemy ją od razu

## Zdjęcie

framing-title = Patrz w obiektyw
framing-picture = Twój obraz z kamery, jak w lustrze
framing-by-itself = Zdjęcie zrobi się samo, gdy wszystko będzie dobrze.
framing-sit = Siedź lub stój, jak ci wygodniej.
framing-shutter = Zrób zdjęcie
framing-failed = Zdjęcie się nie udało. Spróbuj ponownie.
countdown-title = Patrz tutaj
countdown-stop = Stop
capturing-title = Dziękujemy
review-title = Czy zdjęcie jest w porządku?
review-picture = Twoje zdjęcie, takie jak na karcie
review-good = Światło, ostrość i ustawienie są dobre.
review-anyway = Mimo to możesz użyć tego zdjęcia.
review-use = Użyj tego zdjęcia
review-retake = Zrób nowe zdjęcie
move-closer = Większe
move-wider = Mniejsze
move-left = W lewo
move-right = W prawo
move-up = W górę
move-down = W dół

hint-step-in-front = Stań przed kamerą
hint-one-person = Jedna osoba naraz
hint-come-closer = Podejdź trochę bliżej
hint-step-back = Cofnij się trochę
hint-move-left = Przesuń się w lewo
hint-move-right = Przesuń się w prawo
hint-move-up = Trochę wyżej
hint-move-down = Trochę niżej
hint-straighten-head = Trzymaj głowę prosto
hint-look-at-camera = Patrz w obiektyw
hint-too-dark = Jest za ciemno
hint-too-bright = Jest za jasno
hint-turn-to-light = Obróć się do światła
hint-hold-still = Nie ruszaj się
hint-open-eyes = Otwórz oczy
hint-close-mouth = Zamknij usta
hint-plain-background = Tło jest niespokojne
hint-odd-colours = Kolory są nietypowe

## Karta

card-title = Twoja nowa karta
card-picture = Twoja nowa karta
card-drawing = Rysowanie karty
card-look = Czy imię, nazwisko i zdjęcie są w porządku? Tak karta zostanie wydrukowana.
card-later = Karta zostanie zrobiona później. Wybierzesz, gdzie ją odebrać.
card-print = Wydrukuj kartę
card-order = Zamów kartę
card-storing = Zapisywanie
card-wrong-name = Imię lub nazwisko jest błędne
card-not-drawn = Nie udało się narysować karty. Zrób nowe zdjęcie lub zapytaj w bibliotece.
card-not-stored = Nie udało się zapisać zamówienia. Nic nie zostało wydrukowane. Spróbuj ponownie.
name-title = Imię lub nazwisko jest błędne
name-why = Dane pochodzą z rejestru uniwersytetu i nie można ich tu zmienić.
name-desk = Anuluj i podejdź do informacji w bibliotece z dokumentem tożsamości.
print-title = Drukowanie karty
print-picture = Karta w drukarce
print-left = jeszcze około { $seconds } { $seconds ->
    [one] sekundy
   *[other] sekund
 }
print-old-card = Stara karta przestanie działać, gdy nowa będzie gotowa.
print-stay = Poczekaj tutaj, to nie potrwa długo.
print-paused = Pracownik biblioteki ci pomoże. Potem drukowanie ruszy dalej.
step = Przygotowanie
step-sending = Wysyłanie obrazu
step-feeding = Pobieranie karty
step-yellow = Żółty
step-red = Czerwony
step-blue = Niebieski
step-black = Czarny
step-overcoat = Warstwa ochronna
step-ejecting = Wydawanie karty
back-chip-title = Przyłóż nową kartę do czytnika
back-code-title = Pokaż kod z karty do kamery
back-done-title = Nowa karta została odczytana
back-chip-picture = Nowa karta przy czytniku
back-code-picture = Kod z karty pokazywany do kamery
back-chip = Układ w karcie
back-code = Kod na karcie
back-old-card = To jest stara karta. Pokaż nową.
back-skip = Pomiń
done-title = Proszę, oto twoja karta
done-picture = Nowa karta w twojej dłoni
done-door = Drzwi: za chwilę
done-print = Drukarki: za chwilę
done-library = Biblioteka: gdy biblioteka aktywuje konto
done-old-card = Starą kartę wrzuć do pojemnika.
done-pin = Pierwsze hasło do biblioteki to kod z paska na odwrocie. Login to numer karty bez litery D.
order-code = Zamówienie { $code }
later-title = Gdzie chcesz odebrać kartę?
later-picture = Biurko, przy którym wydaje się karty
later-how = Gdy karta będzie gotowa, dostaniesz wiadomość.
later-done-title = Karta została zamówiona
later-where = Odbierz ją tutaj: { $place }.
later-bring = Weź ze sobą dokument tożsamości.
later-mail = Gdy będzie gotowa, dostaniesz wiadomość i zobaczysz to na swoim koncie.
staff-not-printed-title = Karta nie została wydrukowana
staff-not-printed = Zamówienie jest zapisane. Możesz spróbować ponownie.
staff-unknown-title = Czy masz już nową kartę?
staff-unknown = Nie wiemy, czy karta wyszła z drukarki. Jeśli ją masz, pokaż jej kod do kamery.
staff-restart-title = Karta czeka na odpowiedź
staff-restart = Podczas drukowania zabrakło prądu. Jeśli masz kartę, pokaż jej kod do kamery.
staff-desk = W innym wypadku pomoże ci pracownik biblioteki.
staff-order = Podaj ten kod
staff-again = Spróbuj ponownie
staff-later = Odbierz kartę później

## Okna

still-title = Czy nadal tu jesteś?
still-idle = Jeśli nie, wizyta się zakończy, a twoje dane zostaną usunięte.
still-long = To już trochę trwa. Potrzebujesz więcej czasu?
still-left = { $seconds } { $seconds ->
    [one] sekunda
    [few] sekundy
   *[many] sekund
 }
still-yes = Tak, więcej czasu
still-end = Zakończ wizytę
help-title = Pomoc
help-here-start = Tutaj wymienisz kartę na nową. Naciśnij Rozpocznij.
help-here-sign-in = Logujesz się na własnym telefonie, aby nikt nie widział twojego hasła.
help-here-you = Jeśli to nie twoje imię i nazwisko, odpowiedz „nie”. Wizyta wtedy się zakończy.
help-here-consent = Jeśli się nie zgodzisz, nie zrobimy zdjęcia i niczego nie zapiszemy.
help-here-old-card = Powiedz, gdzie jest stara karta. Zgubioną lub skradzioną zablokujemy od razu.
help-here-photo = Możesz zrobić tyle zdjęć, ile chcesz.
help-here-card = Nic się nie wydrukuje, dopóki nie zdecydujesz.
help-where = Pracownicy są przy informacji w bibliotece.
help-hours = Godziny otwarcia znajdziesz na bu.umk.pl.
help-call = Zapytaj osobiście przy informacji w bibliotece.
ease-title = Ułatwienia
ease-large = Większy tekst
ease-contrast = Wysoki kontrast
ease-speech = Czytaj na głos
ease-low = Przyciski niżej
ease-calm = Bez ruchu

## Tylko czytane na głos

speech-choices = { $count ->
    [one] Jedna opcja. Tab przechodzi do niej, Enter wybiera.
    [few] { $count } opcje. Tab przechodzi między nimi, Enter wybiera.
   *[other] { $count } opcji. Tab przechodzi między nimi, Enter wybiera.
}
speech-button = przycisk
speech-on = włączone
speech-off = wyłączone
speech-chosen = wybrane
speech-not-chosen = niewybrane
speech-field = { $count ->
    [0] pole, puste
    [one] pole, jeden znak
    [few] pole, { $count } znaki
   *[other] pole, { $count } znaków
}
speech-wait = teraz nie można wybrać
speech-on-screen = Jest na ekranie.

## Obsługa

attendant-leave = Wyjdź
pin-title = Dla obsługi
pin = Kod
pin-enter = Zaloguj
pin-wrong = Błędny kod. Spróbuj ponownie.
pin-locked = Zbyt wiele prób. Odczekaj chwilę.
pin-none = Ten fotoautomat nie ma ustawionego kodu.
page-readiness = Gotowość
page-decision = Do decyzji
page-camera = Kamera
page-supplies = Materiały
part-camera = Kamera
part-printer = Drukarka
part-reader = Czytnik kart
part-identity = Logowanie
part-portal = System kart
part-store = Zamówienia
part-disk = Dysk
part-clock = Zegar
attention-set-aside = Uszkodzony plik odłożono. Uruchom: fotoautomat outbox check
attention-books = Różni się od dziennika, karty: { $cards }
attention-overdue = Zamówienie czeka zbyt długo.
part-ready = Działa
part-absent = Nie ma
part-unknown = Brak odpowiedzi
decide-none = Żadna karta nie czeka na decyzję.
decide-how = Zajrzyj do drukarki i zapytaj osobę, która czeka. Czy karta wyszła?
decide-printed = Tak, została wydana
decide-not-printed = Nie, nic nie zostało pobrane
decide-void = Zniszczona
camera-picture = Obraz z kamery
camera-how = Twarz powinna być równo oświetlona, a tło spokojne.
camera-sharpness = Ostrość { $value }: ustaw tak, aby była jak najwyższa
camera-good = Światło { $value } z 255: dobre
camera-too-dark = Światło { $value } z 255: za ciemno
camera-too-bright = Światło { $value } z 255: za jasno
camera-neutral = Biel wygląda na białą
camera-warm = Biel wygląda na żółtą lub czerwoną
camera-cold = Biel wygląda na niebieską
camera-green = Biel wygląda na zieloną
camera-magenta = Biel wygląda na różową
supply-ribbon = Karty, na które starczy taśmy
supply-printed = Wydrukowane karty
supply-waiting = Zamówienia w drodze
supply-oldest = Najstarsze czeka
supply-parked = Zatrzymane zamówienia
supply-unknown = Nieznane
supply-minutes = { $minutes } min

## Tryb testowy

desk-nobody = Własny telefon
desk-approve = Zatwierdź
desk-deny = Odrzuć
desk-old-card = Stara karta
desk-new-card = Nowa karta
desk-take-card = Weź kartę
desk-faults = Usterki
no-phone-staff-here = Obsługa loguje się tutaj
you-review = System kart teraz nie odpowiada. Zamówisz kartę, a zamówienie zostanie sprawdzone, zanim karta powstanie.
you-resumed = Twoja karta jest zamówiona, ale jeszcze nie wydrukowana. Możesz ją dostać teraz, bez nowego zdjęcia.
old-stranger = Ta karta nie należy do ciebie. Spróbuj innej lub powiedz, gdzie jest twoja.
staff-phone-how = Zaloguj się na swoje konto na własnym telefonie.
staff-by-pin = Użyj zamiast tego kodu
staff-by-phone = Użyj zamiast tego telefonu
staff-not-staff = To konto nie może obsługiwać tego fotoautomatu.
page-assist = Obsłuż
assist-subject = Nazwa użytkownika lub numer osoby
assist-why-guest = Gość
assist-why-supplier = Dostawca
assist-why-alumnus = Absolwent
assist-why-no-phone = Brak telefonu
assist-why-other = Inny powód
assist-id-seen = Widziano dokument tożsamości
assist-serve = Otwórz wizytę
assist-unknown = System kart nie zna nikogo o tej nazwie.
assist-how = Dlaczego ta osoba nie może się zalogować? Obejrzyj jej dokument tożsamości.
