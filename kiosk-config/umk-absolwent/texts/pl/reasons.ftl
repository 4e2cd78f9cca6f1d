# Dlaczego coś nie działa: jedno zdanie dla odwiedzającego. `reason-<część>`, gdy usterka nie ma własnego zdania.

reason = Coś w fotoautomacie wymaga sprawdzenia.
reason-camera = Kamera nie odpowiada.
reason-printer = Drukarka kart wymaga sprawdzenia.
reason-reader = Czytnik kart nie odpowiada.
reason-identity = System logowania nie odpowiada.
reason-portal = System kart nie odpowiada.
reason-store = Teraz nie można zapisywać zamówień.
reason-disk = Dysk fotoautomatu jest pełny.
reason-clock = Zegar fotoautomatu jest źle ustawiony.
reason-printer-no-cards = W drukarce skończyły się karty.
reason-printer-ribbon-out = W drukarce skończyła się taśma.
reason-printer-cover-open = Pokrywa drukarki jest otwarta.
reason-printer-card-jam = Karta zacięła się w drukarce.
reason-printer-unplugged = Drukarka kart nie odpowiada.
reason-printer-crashed = Drukarka kart jest uruchamiana ponownie. To potrwa chwilę.
reason-camera-unplugged = Kamera nie odpowiada.
reason-camera-frozen = Kamera nie dała obrazu. Spróbuj ponownie.
reason-camera-crashed = Kamera jest uruchamiana ponownie. To potrwa chwilę.
reason-reader-crashed = Czytnik kart jest uruchamiany ponownie. To potrwa chwilę.
reason-identity-other-network = Ten fotoautomat nie może nikogo zalogować w miejscu, w którym stoi.
