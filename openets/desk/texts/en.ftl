# English. Keys, facts and parts are the same in every language; a test sees to it.

## Pieces

person = Person { $person } ({ $role })
the-task = task { $number }
asked-person = person { $person }
asked-account = the representatives of the account
by-record = { " " }by record { $record }
proposed-by = proposed by person { $proposer } ({ $role })
proposed-and-approved-by = proposed by person { $proposer } ({ $role }), approved by person { $decider } ({ $decider_role })
rests-on = It rests on { $article }.
change = Before: { $before }. After: { $after }.
as-word = { $word }
from-account = account { $account }
from-creation = creation
for-year = , for { $year }
one-registry = registry { $registry }
every-registry = every registry

## What is asked

asked-transaction =
    { $quantity ->
        [one] { $quantity } unit
       *[other] { $quantity } units
    } of kind { $kind } by { $type } from { $source } to account { $account }{ $year }
asked-bulk =
    { $units ->
        [one] { $units } unit
       *[other] { $units } units
    } of kind { $kind } by { $type } from account { $account } to { $count ->
        [one] { $count } account
       *[other] { $count } accounts
    }{ $year }, list { $digest }
asked-adoption = to adopt the law with digest { $digest }; { $difference }
changes-unknown = the law adopted before is not kept, so what changes is not known
changes-known =
    { $count ->
        [one] { $count } parameter differs
       *[other] { $count } parameters differ
    } from the law in force: { $paths }{ $more }
changes-more = { " " }and { $count } more
asked-emissions-table =
    { $count ->
        [one] { $count } figure
       *[other] { $count } figures
    } of emissions from { $file }, digest { $digest }
asked-cap =
    { $quantity ->
        [one] { $quantity } unit
       *[other] { $quantity } units
    } of { $kinds }{ $issuer } may be created for { $year }, by { $parameter }
of-issuer = { " " }of { $registry }
asked-creation = { $movement }, under { $parameter } of { $year } ({ $left })
cap-left = { $left } of { $of } left
cap-not-set = not set
asked-allocation-table =
    table { $table } of { $registry }, { $count ->
        [one] { $count } amount
       *[other] { $count } amounts
    } altered ({ $sums }), { $cells }{ $more }; digest { $digest }
asked-allocation-run = { $movement }, by table { $table } of { $registry }{ $due }; { $count } passed over
due-by = , due by { $day } ({ $article })
due = , due by { $day }
asked-installations =
    list of { $registry } for the period from { $year }: { $count ->
        [one] { $count } installation
       *[other] { $count } installations
    } with { $units ->
        [one] { $units } sub-installation
       *[other] { $units } sub-installations
    }{ $due }; digest { $digest }
asked-no-maintenance = to cancel the maintenance of { $registry } from { $opens } until { $closes }, planned by proposal { $number }: { $reason }
asked-correction = correction of record { $record }: { $movement }; { $reason }
asked-fields = { $command }, { $fields }

field-account = account { $value }
field-accreditation = accreditation { $value }
field-acquiring = to account { $value }
field-activity = activity { $value }
field-ceiling = ceiling { $value }
field-closes = until { $value }
field-country = country { $value }
field-digest = digest { $value }
field-documents = documents { $value }
field-expires = valid until { $value }
field-first = first serial { $value }
field-first_year = first year { $value }
field-ground = ground { $value }
field-holder = holder { $value }
field-incoming = incoming units too: { $value }
field-kind = kind { $value }
field-last = last serial { $value }
field-last_year = last year { $value }
field-lei = LEI { $value }
field-listed = listed account { $value }
field-on = listed: { $value }
field-opens = from { $value }
field-parameter = by { $value }
field-units = units { $value }
field-issuer = issuer { $value }
field-quantity = quantity { $value }
field-table = table { $value }
field-years = years { $value }
field-rows = rows { $value }
field-stands = as it stood { $value }
field-withheld = withheld: { $value }
field-tonnes = tonnes { $value }
field-turnover_euros = turnover of { $value } EUR
field-basis = measured as { $value }
field-how = how { $value }
field-ice_class_tonnes = tonnes of ice class { $value }
field-in_compliance = in compliance: { $value }
field-report = report { $value }
field-step = step { $value }
field-breach = breach { $value }
field-index = index { $value }
field-document = document { $value }
field-cents = cents { $value }
field-reference = reference { $value }
field-operator = operator { $value }
field-order = order { $value }
field-outside_list_allowed = outside the list allowed: { $value }
field-permit = permit { $value }
field-person = person { $value }
field-persons = persons { $value }
field-reason = reason { $value }
field-registration = registration { $value }
field-registry = registry { $value }
field-representatives = representatives { $value }
field-return_due = return due { $value }
field-right = right { $value }
field-scope = scope { $value }
field-second_for_surrender = second person for surrender: { $value }
field-second_for_trusted = second person for trusted accounts: { $value }
field-state = state { $value }
field-status = status { $value }
field-type = type { $value }
field-vat = VAT { $value }
field-verifier = verifier { $value }
field-year = year { $value }
field-other = { $name } { $value }

## Why a second person, and why then

needs-two = This is always approved by two.
needs-by-itself = The law does this by itself.
needs-inbound = It comes from another registry.
needs-always = { $type } is always approved by two.
needs-nobody = { $type } needs nobody's approval.
needs-administrator = An administrator proposed it.
needs-second-asked = The account asks for a second representative.
needs-second-not-asked = The account asks for no second representative.
needs-government = A government account acquires.
needs-not-trusted = The acquiring account is not trusted.
needs-also-towards-trusted = The account asks for a second representative also towards trusted accounts.
needs-not-towards-trusted = The acquiring account is trusted.
nobody-decided =
    Nobody decided on it in { $days ->
        [one] { $days } day
       *[other] { $days } days
    }.
when-approved = Carried out as soon as it is approved.
when-at-once = Carried out at once.
when-type-does-not-wait = Transactions of this type do not wait.
when-hours-after =
    { $hours ->
        [one] { $hours } hour
       *[other] { $hours } hours
    } after confirmation; the clock stops on non-working days.
when-confirmed-before = The account is not trusted; confirmed before { $limit }, so at { $hour } of working day { $day } after.
when-confirmed-after = The account is not trusted; confirmed after { $limit }, so at { $hour } of working day { $day } after.
when-minutes-after =
    { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    } after confirmation, whole days counted as working days; first moment in the hours of { $day }.
when-trusted-now = The account is trusted: at once in the hours of a working day, { $first } to { $last }.
when-trusted-next-hours = The account is trusted: when the hours of a working day begin, { $first } to { $last }.
when-trusted-within-hours = The account is trusted: within the hours of working days.
when-trusted-after-minutes =
    Trusted { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    } after approval, whole days counted as working days.
when-trusted-on-working-day = Trusted from { $hour } of working day { $day } after the proposal.
when-after-maintenance = { $reason } The registry is closed for maintenance until then.

## How things stand

stands-holding =
    account { $account } holds { $units ->
        [one] { $units } unit
       *[other] { $units } units
    } of kind { $kind }
stands-status = account { $account } is { $status }
stands-right = person { $person } has on account { $account } the right { $right } ({ $state })
stands-no-right = person { $person } has no right on account { $account }
stands-trusted = account { $listed } is on the list of account { $account }
stands-not-trusted = account { $listed } is not on the list of account { $account }
stands-person = person { $person } is { $state }
stands-holder = account { $account } belongs to holder { $holder }

## The audit trail

event-proposed = { $who } proposed: { $what }. { $rests }
event-not-reserved = It could not be reserved: { $reason }
event-awaiting = A second person must approve: { $reason }
event-confirmed = No second person is needed. To be carried out at { $at }: { $reason } { $rests }
event-approved = { $who } approved it. To be carried out at { $at }: { $reason } { $rests }
event-rejected = { $who } rejected it: { $reason }
event-withdrawn = { $who } withdrew it: { $reason }
event-cancelled = { $who } cancelled it: { $reason }
event-terminated = It could not be carried out: { $reason }
event-completed = It was carried out{ $record }, { $people }. { $change } { $note }
event-expired =
    It expired. Nobody decided on it in { $days ->
        [one] { $days } day
       *[other] { $days } days
    }.
event-claimed = { $who } claimed { $task }.
event-taken-over = { $who } took { $task } over from person { $former }.
event-released = { $who } released { $task }, which person { $former } had claimed.
event-assigned = { $who } gave { $task } to person { $person }.
event-commented = { $who } commented on { $task }: { $words }
event-requested = { $who } asked { $whom } for documents: { $documents }.
event-submitted = { $who } handed in for { $task } the document { $document }: file { $file }, { $size } bytes, SHA-256 { $digest }.
event-accepted = { $who } accepted the document { $document } of { $task }.
event-refused = { $who } refused the document { $document } of { $task }: { $reason }
event-key-made = { $who } made a key to enrol for { $whom }.
event-enrolled = { $who } enrolled with the key that was sent.
event-reconciling = { $who } began to compare the books of { $registry }; its units stand still.
event-reconciled =
    { $count ->
        [0] { $who } compared the books of { $registry }; they agree.
       *[other] { $who } compared the books of { $registry }; they differ on account { $accounts }.
    }
event-traced = { $who } traced { $subject } { $word }.
event-traced-as-evidence = { $who } traced { $subject } { $word } and took it away as evidence.
event-closed = { $who } closed { $task }: { $reason }

## Tasks that are no proposal

task-documents = documents: { $documents }
task-review = the review of account { $account }
task-review-of-verifier = the review of verifier { $verifier }
task-accreditation = the accreditation of verifier { $verifier }, which ends on { $day }

## Notices: the subject, and the body

notice-awaiting = Proposal { $number } awaits your approval
    .body =
        Proposal { $number } was made: { $what }.

        It waits for a second person, and you may approve or reject it. Sign in to the registry as you
        always do; this message asks for nothing else.
notice-delayed = Proposal { $number } is approved
    .body =
        Proposal { $number } was approved: { $what }.

        It will be carried out at { $at }: { $reason }
        Until shortly before, it can be cancelled.
notice-completed = Proposal { $number } has been carried out
    .body =
        Proposal { $number } was carried out: { $what }.

        Record of the ledger: { $record }.
notice-terminated = Proposal { $number } could not be carried out
    .body =
        Proposal { $number } has ended without effect: { $what }.

        The reason: { $reason }
notice-rejected = Proposal { $number } was rejected
    .body =
        Proposal { $number } was rejected: { $what }.

        The reason: { $reason }
notice-withdrawn = Proposal { $number } was withdrawn
    .body =
        Proposal { $number } no longer awaits your approval: { $what }.

        The reason: { $reason }
notice-cancelled = Proposal { $number } was cancelled
    .body =
        Proposal { $number } was cancelled before it was carried out: { $what }.

        The reason: { $reason }
notice-expired = Proposal { $number } has expired
    .body =
        Proposal { $number } has expired: { $what }.

        { $reason } It may be proposed again.
notice-freeze = A freeze was ordered or lifted
    .body =
        By proposal { $number } this was ordered, at once and in both books: { $what }.

        Record of the ledger: { $record }.
notice-representative = The representatives of an account have changed
    .body =
        By proposal { $number } this has changed: { $what }.

        If you know nothing of it, tell the administrator of the registry at once.
notice-maintenance = The registry will be closed for maintenance
    .body =
        By proposal { $number } a window was planned: { $what }.

        What waits is not lost: deadlines that fall into the window are extended, and what was to be
        carried out in it is carried out afterwards.
notice-no-maintenance = The registry stays open: the maintenance is cancelled
    .body =
        By proposal { $number } it was decided: { $what }.

        Deadlines and times of execution are what they would have been without the window.
notice-assigned = Task { $number } was given to you
    .body =
        Task { $number } was given to you: { $what }.
notice-requested = Documents are asked of you
    .body =
        In task { $number } you are asked for these: { $what }.

        { $deadline ->
            [0] No day was set.
           *[other] To be handed in before { $deadline }.
        }
notice-submitted = A document was handed in for task { $number }
    .body =
        For task { $number } ({ $what }) the document { $document } was handed in.

        File { $file }, SHA-256 { $digest }.
notice-refused = A document for task { $number } was refused
    .body =
        For task { $number } ({ $what }) the document { $document } was refused.

        The reason: { $reason }
notice-near = The deadline of task { $number } is near
    .body =
        Task { $number } ends before { $deadline }: { $what }.

## Words of the field

word-representative = representative
word-senior-administrator = senior administrator
word-junior-administrator = junior administrator
word-read-only-administrator = read-only administrator
word-central-administrator = central administrator
word-authority = authority
word-verifier = verifier
word-auctioneer = auctioneer
word-auditor = auditor
word-system-administrator = system administrator
word-initiate-and-approve = initiate and approve
word-initiate = initiate
word-approve = approve
word-surrender = surrender
word-read-only = read only
word-active = active
word-suspended = suspended
word-removed = removed
word-requested = requested
word-rejected = rejected
word-frozen = frozen
word-open = open
word-blocked = blocked
word-closed = closed
word-closure-pending = closure pending
word-freeze = freeze
word-lift = lift
word-transaction = transaction
word-bulk-transaction = bulk transaction
word-correction = correction
word-open-account = open account
word-change-status = change status
word-adopt-rulebook = adopt rulebook
word-trusted-account = trusted account
word-account-rules = account rules
word-register-holder = register holder
word-register-operator = register operator
word-register-verifier = register verifier
word-take-year-in = take year in
word-cap = cap
word-creation = creation
word-allocation-table = allocation table
word-allocation-status = allocation status
word-allocation-run = allocation run
word-implementation-measures = implementation measures
word-emissions = emissions
word-emissions-table = emissions table
word-processes = processes
word-block-account = block account
word-open-account-again = open account again
word-credit-entitlement = credit entitlement
word-penalty-notice = penalty notice
word-penalty-objection = penalty objection
word-penalty-decision = penalty decision
word-penalty-payment = penalty payment
word-penalty-publication = penalty publication
word-national-penalty = national penalty
word-measure = measure
word-exclude-year = exclude year
word-close-account = close account
word-hand-over-account = hand over account
word-review = review
word-maintenance = maintenance
word-cancel-maintenance = cancel maintenance
word-forward = forward
word-backward = backward
word-true = yes
word-false = no
