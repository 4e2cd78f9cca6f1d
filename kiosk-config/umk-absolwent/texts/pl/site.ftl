# Karty i zasady programu Absolwent.

kind-alumni = Karta Absolwenta

consent-page-1 =
    Karta Absolwenta jest osobista i nie wolno jej użyczać. Z biblioteki korzysta się tylko z kartą, która ma kod kreskowy.

    Starą kartę, wypisaną ręcznie i bez kodu, wymieniamy na nową. Duplikat kosztuje 10 zł; jego numer kończy się literą D.
consent-page-2 =
    Login do biblioteki to pełny numer karty, a na duplikacie numer bez litery D. Pierwsze hasło to kod kreskowy. Konto zaczyna działać, gdy biblioteka je aktywuje.

    Kaucja 50 zł, jeśli biblioteka jej wymaga, jest sprawą biblioteki: fotoautomat jej nie pobiera, nie zapisuje i nie zwraca.
consent-page-3 =
    Uniwersytet Mikołaja Kopernika odpowiada za twoje dane osobowe. Zdjęcie i dane służą tylko do zrobienia karty; zdjęcia nie porównujemy z innymi.

    W fotoautomacie dane są zaszyfrowane, dopóki system kart ich nie odbierze. Potem są usuwane. Możesz poprosić o wgląd w swoje dane i o ich poprawienie.
