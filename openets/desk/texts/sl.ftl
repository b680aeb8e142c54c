# Slovenščina. Edninske, dvojinske in množinske oblike so štiri: 1, 2, 3 in 4, vse drugo.

## Deli

person = Oseba { $person } ({ $role })
the-task = nalogi { $number }
asked-person = osebe { $person }
asked-account = predstavnikov računa
by-record = { " " }z zapisom { $record }
proposed-by = predlagala oseba { $proposer } ({ $role })
proposed-and-approved-by = predlagala oseba { $proposer } ({ $role }), odobrila oseba { $decider } ({ $decider_role })
rests-on = Podlaga: { $article }.
change = Prej: { $before }. Potem: { $after }.
as-word = { $word }
from-account = z računa { $account }
from-creation = ob nastanku
for-year = , za leto { $year }
one-registry = registra { $registry }
every-registry = vseh registrov

## Kaj se predlaga

asked-transaction =
    { $quantity ->
        [one] { $quantity } enota
        [two] { $quantity } enoti
        [few] { $quantity } enote
       *[other] { $quantity } enot
    } vrste { $kind } s postopkom { $type } { $source } na račun { $account }{ $year }
asked-bulk =
    { $units ->
        [one] { $units } enota
        [two] { $units } enoti
        [few] { $units } enote
       *[other] { $units } enot
    } vrste { $kind } s postopkom { $type } z računa { $account } na { $count ->
        [one] { $count } račun
        [two] { $count } računa
        [few] { $count } račune
       *[other] { $count } računov
    }{ $year }, seznam { $digest }
asked-adoption = sprejetje prava s povzetkom { $digest }; { $difference }
changes-unknown = prej sprejeto pravo ni shranjeno, zato ni znano, kaj se spreminja
changes-known =
    { $count ->
        [one] od veljavnega prava se razlikuje { $count } parameter
        [two] od veljavnega prava se razlikujeta { $count } parametra
        [few] od veljavnega prava se razlikujejo { $count } parametri
       *[other] od veljavnega prava se razlikuje { $count } parametrov
    }: { $paths }{ $more }
changes-more = { " " }in še { $count }
asked-emissions-table =
    { $count ->
        [one] { $count } podatek
        [two] { $count } podatka
        [few] { $count } podatki
       *[other] { $count } podatkov
    } o emisijah iz datoteke { $file }, povzetek { $digest }
asked-cap =
    { $quantity ->
        [one] { $quantity } enota
        [two] { $quantity } enoti
        [few] { $quantity } enote
       *[other] { $quantity } enot
    } vrste { $kinds }{ $issuer } sme nastati za leto { $year }, po { $parameter }
of-issuer = { " " }izdajatelja { $registry }
asked-creation = { $movement }, po { $parameter } za leto { $year } ({ $left })
cap-left = ostane { $left } od { $of }
cap-not-set = ni določeno
asked-allocation-table =
    preglednica { $table } za { $registry }, spremeni se { $count ->
        [one] { $count } količina
        [two] { $count } količini
        [few] { $count } količine
       *[other] { $count } količin
    } ({ $sums }), { $cells }{ $more }; povzetek { $digest }
asked-allocation-run = { $movement }, po preglednici { $table } za { $registry }{ $due }; izpuščenih: { $count }
due-by = , rok { $day } ({ $article })
due = , rok { $day }
asked-installations =
    seznam za { $registry } za obdobje od leta { $year }: { $count ->
        [one] { $count } naprava
        [two] { $count } napravi
        [few] { $count } naprave
       *[other] { $count } naprav
    }, { $units ->
        [one] { $units } podnaprava
        [two] { $units } podnapravi
        [few] { $units } podnaprave
       *[other] { $units } podnaprav
    }{ $due }; povzetek { $digest }
asked-no-maintenance = preklic vzdrževanja { $registry } od { $opens } do { $closes }, načrtovanega s predlogom { $number }: { $reason }
asked-correction = popravek zapisa { $record }: { $movement }; { $reason }
asked-fields = { $command }, { $fields }

field-account = račun { $value }
field-accreditation = akreditacija { $value }
field-acquiring = na račun { $value }
field-activity = dejavnost { $value }
field-ceiling = zgornja meja { $value }
field-closes = do { $value }
field-country = država { $value }
field-digest = povzetek { $value }
field-documents = listine { $value }
field-expires = velja do { $value }
field-first = prva serijska številka { $value }
field-first_year = prvo leto { $value }
field-ground = razlog po predpisu { $value }
field-holder = imetnik { $value }
field-incoming = tudi prihajajoče enote: { $value }
field-kind = vrsta { $value }
field-last = zadnja serijska številka { $value }
field-last_year = zadnje leto { $value }
field-lei = LEI { $value }
field-listed = račun na seznamu { $value }
field-on = na seznamu: { $value }
field-opens = od { $value }
field-parameter = po { $value }
field-units = enote { $value }
field-issuer = izdajatelj { $value }
field-quantity = količina { $value }
field-table = preglednica { $value }
field-years = leta { $value }
field-rows = vrstice { $value }
field-stands = prejšnje stanje { $value }
field-withheld = zadržano: { $value }
field-tonnes = ton { $value }
field-turnover_euros = promet { $value } EUR
field-basis = merilo: { $value }
field-how = način { $value }
field-ice_class_tonnes = ton za ledni razred { $value }
field-in_compliance = skladno: { $value }
field-report = poročilo { $value }
field-step = korak { $value }
field-breach = kršitev { $value }
field-index = indeks { $value }
field-document = dokument { $value }
field-cents = centov { $value }
field-reference = sklic { $value }
field-operator = upravljavec { $value }
field-order = odredba: { $value }
field-outside_list_allowed = prenosi zunaj seznama dovoljeni: { $value }
field-permit = dovoljenje { $value }
field-person = oseba { $value }
field-persons = osebe { $value }
field-reason = razlog { $value }
field-registration = vpis { $value }
field-registry = register { $value }
field-representatives = predstavniki { $value }
field-return_due = dolgovano vračilo { $value }
field-right = pravica { $value }
field-scope = obseg { $value }
field-second_for_surrender = druga oseba pri predaji: { $value }
field-second_for_trusted = druga oseba pri zaupanja vrednih računih: { $value }
field-state = stanje: { $value }
field-status = status: { $value }
field-type = tip { $value }
field-vat = DDV { $value }
field-verifier = preveritelj { $value }
field-year = leto { $value }
field-other = { $name } { $value }

## Zakaj druga oseba in zakaj takrat

needs-two = To vedno odobrita dve osebi.
needs-by-itself = To se po predpisu zgodi samo od sebe.
needs-inbound = Prihaja iz drugega registra.
needs-always = { $type } vedno odobrita dve osebi.
needs-nobody = Za { $type } odobritev ni potrebna.
needs-administrator = Predlagal je administrator.
needs-second-asked = Za račun je zahtevan drugi predstavnik.
needs-second-not-asked = Za račun drugi predstavnik ni zahtevan.
needs-government = Prejme račun državne uprave.
needs-not-trusted = Prejemni račun ni zaupanja vreden.
needs-also-towards-trusted = Za račun je drugi predstavnik zahtevan tudi pri zaupanja vrednih računih.
needs-not-towards-trusted = Prejemni račun je zaupanja vreden.
nobody-decided =
    Rok za odločitev je bil { $days ->
        [one] { $days } dan
        [two] { $days } dneva
        [few] { $days } dnevi
       *[other] { $days } dni
    }, odločil pa ni nihče.
when-approved = Izvede se takoj po odobritvi.
when-at-once = Izvede se takoj.
when-type-does-not-wait = Transakcije tega tipa ne čakajo.
when-hours-after =
    { $hours ->
        [one] { $hours } uro
        [two] { $hours } uri
        [few] { $hours } ure
       *[other] { $hours } ur
    } po potrditvi; ob dela prostih dneh ura stoji.
when-confirmed-before = Račun ni zaupanja vreden; potrjeno pred { $limit }, zato ob { $hour } { $day }. delovnega dne zatem.
when-confirmed-after = Račun ni zaupanja vreden; potrjeno po { $limit }, zato ob { $hour } { $day }. delovnega dne zatem.
when-minutes-after =
    { $minutes ->
        [one] { $minutes } minuto
        [two] { $minutes } minuti
        [few] { $minutes } minute
       *[other] { $minutes } minut
    } po potrditvi, polni dnevi se štejejo kot delovni dnevi; prvi trenutek delovnega časa { $day }.
when-trusted-now = Račun je zaupanja vreden: takoj v delovnem času delovnega dne, od { $first } do { $last }.
when-trusted-next-hours = Račun je zaupanja vreden: ko se začne delovni čas delovnega dne, od { $first } do { $last }.
when-trusted-within-hours = Račun je zaupanja vreden: v delovnem času delovnih dni.
when-trusted-after-minutes =
    Zaupanja vreden { $minutes ->
        [one] { $minutes } minuto
        [two] { $minutes } minuti
        [few] { $minutes } minute
       *[other] { $minutes } minut
    } po odobritvi, polni dnevi se štejejo kot delovni dnevi.
when-trusted-on-working-day = Zaupanja vreden od { $hour } { $day }. delovnega dne po predlogu.
when-after-maintenance = { $reason } Do takrat je register zaprt zaradi vzdrževanja.

## Stanje stvari

stands-holding =
    na računu { $account } { $units ->
        [one] je { $units } enota
        [two] sta { $units } enoti
        [few] so { $units } enote
       *[other] je { $units } enot
    } vrste { $kind }
stands-status = status računa { $account }: { $status }
stands-right = oseba { $person } ima na računu { $account } pravico »{ $right }« ({ $state })
stands-no-right = oseba { $person } na računu { $account } nima pravic
stands-trusted = račun { $listed } je na seznamu računa { $account }
stands-not-trusted = računa { $listed } ni na seznamu računa { $account }
stands-person = stanje osebe { $person }: { $state }
stands-holder = račun { $account } pripada imetniku { $holder }

## Revizijska sled

event-proposed = { $who } je predlagala: { $what }. { $rests }
event-not-reserved = Enot ni bilo mogoče rezervirati. Zapisani razlog: { $reason }
event-awaiting = Odobriti mora druga oseba. Razlog: { $reason }
event-confirmed = Druga oseba ni potrebna. Izvedba: { $at }. Razlog: { $reason } { $rests }
event-approved = { $who } je odobrila predlog. Izvedba: { $at }. Razlog: { $reason } { $rests }
event-rejected = { $who } je zavrnila predlog: { $reason }
event-withdrawn = { $who } je umaknila predlog: { $reason }
event-cancelled = { $who } je preklicala predlog: { $reason }
event-terminated = Predloga ni bilo mogoče izvesti. Zapisani razlog: { $reason }
event-completed = Predlog je bil izveden{ $record }, { $people }. { $change } { $note }
event-expired =
    Predlog je zapadel. Rok za odločitev je bil { $days ->
        [one] { $days } dan
        [two] { $days } dneva
        [few] { $days } dnevi
       *[other] { $days } dni
    }, odločil pa ni nihče.
event-claimed = { $who } je prevzela delo pri { $task }.
event-taken-over = { $who } je prevzela delo pri { $task } namesto osebe { $former }.
event-released = { $who } je sprostila delo pri { $task }, ki ga je imela oseba { $former }.
event-assigned = { $who } je delo pri { $task } dodelila osebi { $person }.
event-commented = { $who } je pripomnila k { $task }: { $words }
event-requested = { $who } je od { $whom } zahtevala listine: { $documents }.
event-submitted = { $who } je pri { $task } oddala listino { $document }: datoteka { $file }, { $size } bajtov, SHA-256 { $digest }.
event-accepted = { $who } je sprejela listino { $document } pri { $task }.
event-refused = { $who } je zavrnila listino { $document } pri { $task }: { $reason }
event-key-made = { $who } je izdelala ključ za vpis, { $whom }.
event-enrolled = { $who } se je vpisala s poslanim ključem.
event-reconciling = { $who } je začela primerjati knjigi registra { $registry }; njegove enote mirujejo.
event-reconciled =
    { $count ->
        [0] { $who } je primerjala knjigi registra { $registry }; ujemata se.
       *[other] { $who } je primerjala knjigi registra { $registry }; razlikujeta se pri računu { $accounts }.
    }
event-traced = { $who } je sledila { $subject } { $word }.
event-traced-as-evidence = { $who } je sledila { $subject } { $word } in sled vzela kot dokaz.
event-closed = { $who } je končala delo pri { $task }: { $reason }

## Naloge, ki niso predlogi

task-documents = listine: { $documents }
task-review = pregled računa { $account }
task-review-of-verifier = pregled preveritelja { $verifier }
task-accreditation = akreditacija preveritelja { $verifier }, ki poteče { $day }

## Obvestila: zadeva in besedilo

notice-awaiting = Predlog { $number } čaka na vašo odobritev
    .body =
        Podan je bil predlog { $number }: { $what }.

        Čaka na drugo osebo; odobrite ali zavrnete ga lahko vi. V register se prijavite kot vedno;
        to sporočilo ne zahteva ničesar drugega.
notice-delayed = Predlog { $number } je odobren
    .body =
        Predlog { $number } je bil odobren: { $what }.

        Izvedba: { $at }. Razlog: { $reason }
        Do tik pred tem ga je mogoče preklicati.
notice-completed = Predlog { $number } je izveden
    .body =
        Predlog { $number } je bil izveden: { $what }.

        Zapis v knjigi: { $record }.
notice-terminated = Predloga { $number } ni bilo mogoče izvesti
    .body =
        Predlog { $number } se je končal brez učinka: { $what }.

        Zapisani razlog: { $reason }
notice-rejected = Predlog { $number } je bil zavrnjen
    .body =
        Predlog { $number } je bil zavrnjen: { $what }.

        Razlog: { $reason }
notice-withdrawn = Predlog { $number } je bil umaknjen
    .body =
        Predlog { $number } ne čaka več na vašo odobritev: { $what }.

        Razlog: { $reason }
notice-cancelled = Predlog { $number } je bil preklican
    .body =
        Predlog { $number } je bil preklican pred izvedbo: { $what }.

        Razlog: { $reason }
notice-expired = Predlog { $number } je zapadel
    .body =
        Predlog { $number } je zapadel: { $what }.

        { $reason } Predlagati ga je mogoče znova.
notice-freeze = Zamrznitev je bila odrejena ali odpravljena
    .body =
        S predlogom { $number } je bilo odrejeno, takoj in v obeh knjigah: { $what }.

        Zapis v knjigi: { $record }.
notice-representative = Predstavniki računa so se spremenili
    .body =
        S predlogom { $number } se je spremenilo: { $what }.

        Če o tem ne veste ničesar, takoj obvestite administratorja registra.
notice-maintenance = Register bo zaprt zaradi vzdrževanja
    .body =
        S predlogom { $number } je načrtovano zaprtje: { $what }.

        Kar čaka, ni izgubljeno: roki, ki se iztečejo med zaprtjem, se podaljšajo, izvedbe pa se
        opravijo po njem.
notice-no-maintenance = Register ostane odprt: vzdrževanje je preklicano
    .body =
        S predlogom { $number } je odločeno: { $what }.

        Roki in izvedbe so taki, kot bi bili brez načrtovanega zaprtja.
notice-assigned = Dodeljena vam je naloga { $number }
    .body =
        Dodeljena vam je naloga { $number }: { $what }.
notice-requested = Od vas se zahtevajo listine
    .body =
        V nalogi { $number } se od vas zahteva: { $what }.

        { $deadline ->
            [0] Rok ni določen.
           *[other] Oddati jih je treba pred { $deadline }.
        }
notice-submitted = Za nalogo { $number } je bila oddana listina
    .body =
        Za nalogo { $number } ({ $what }) je bila oddana listina { $document }.

        Datoteka { $file }, SHA-256 { $digest }.
notice-refused = Listina za nalogo { $number } je bila zavrnjena
    .body =
        Za nalogo { $number } ({ $what }) je bila zavrnjena listina { $document }.

        Razlog: { $reason }
notice-near = Rok naloge { $number } se izteka
    .body =
        Naloga { $number } se izteče pred { $deadline }: { $what }.

## Besede stroke

word-representative = pooblaščeni predstavnik
word-senior-administrator = višji administrator
word-junior-administrator = nižji administrator
word-read-only-administrator = administrator z vpogledom
word-central-administrator = centralni administrator
word-authority = pristojni organ
word-verifier = preveritelj
word-auctioneer = izvajalec dražb
word-auditor = revizor
word-system-administrator = sistemski administrator
word-initiate-and-approve = predlaganje in odobritev
word-initiate = predlaganje
word-approve = odobritev
word-surrender = predaja
word-read-only = vpogled
word-active = velja
word-suspended = začasno ukinjen
word-removed = odvzeto
word-requested = zahtevano
word-rejected = zavrnjeno
word-frozen = zamrznjeno
word-open = odprt
word-blocked = blokiran
word-closed = zaprt
word-closure-pending = v zapiranju
word-freeze = zamrznitev
word-lift = odprava zamrznitve
word-transaction = transakcija
word-bulk-transaction = skupna transakcija
word-correction = popravek
word-open-account = odprtje računa
word-change-status = sprememba statusa
word-adopt-rulebook = sprejetje prava
word-trusted-account = zaupanja vreden račun
word-account-rules = pravila računa
word-register-holder = vpis imetnika
word-register-operator = vpis upravljavca
word-register-verifier = vpis preveritelja
word-take-year-in = ponovna vključitev leta
word-cap = zgornja meja
word-creation = nastanek enot
word-allocation-table = preglednica dodelitev
word-allocation-status = stanje dodelitve
word-allocation-run = letna dodelitev
word-implementation-measures = izvedbeni ukrepi
word-emissions = emisije
word-emissions-table = preglednica emisij
word-processes = postopki
word-block-account = blokada računa
word-open-account-again = ponovno odprtje računa
word-credit-entitlement = upravičenost do dobropisov
word-penalty-notice = obvestilo o kazni
word-penalty-objection = ugovor zoper kazen
word-penalty-decision = odločba o kazni
word-penalty-payment = plačilo kazni
word-penalty-publication = objava kazni
word-national-penalty = nacionalna kazen
word-measure = ukrep
word-exclude-year = izključitev leta
word-close-account = zaprtje računa
word-hand-over-account = prenos računa na drugega imetnika
word-review = pregled
word-maintenance = vzdrževanje
word-cancel-maintenance = preklic vzdrževanja
word-forward = naprej
word-backward = nazaj
word-true = da
word-false = ne
