# Varför något inte går: en mening för besökaren. `reason-<del>` gäller när felet inte har en egen mening.

reason = Något i fotoautomaten behöver ses över.
reason-camera = Kameran svarar inte.
reason-printer = Kortskrivaren behöver ses över.
reason-reader = Kortläsaren svarar inte.
reason-identity = Inloggningen svarar inte.
reason-portal = Kortsystemet svarar inte.
reason-store = Beställningar kan inte sparas just nu.
reason-disk = Fotoautomatens disk är full.
reason-clock = Fotoautomatens klocka går fel.
reason-printer-no-cards = Korten i skrivaren är slut.
reason-printer-ribbon-out = Färgbandet i skrivaren är slut.
reason-printer-cover-open = Skrivarens lucka är öppen.
reason-printer-card-jam = Ett kort har fastnat i skrivaren.
reason-printer-unplugged = Kortskrivaren svarar inte.
reason-printer-crashed = Kortskrivaren startas om. Det tar en liten stund.
reason-camera-unplugged = Kameran svarar inte.
reason-camera-frozen = Kameran gav ingen bild. Försök igen.
reason-camera-crashed = Kameran startas om. Det tar en liten stund.
reason-reader-crashed = Kortläsaren startas om. Det tar en liten stund.
reason-identity-other-network = Den här fotoautomaten får inte logga in någon där den står.
