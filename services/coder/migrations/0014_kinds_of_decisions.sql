-- Decisions about how codes are reported, beside those about which codes there are; and taking one back.
alter table {schema}.decision
    drop constraint decision_action_check,
    -- What was about a target, what was about a code, and where a reason is due: said anew below.
    drop constraint decision_check,
    drop constraint decision_check1,
    drop constraint decision_check2,
    -- Of an undo: the decision that it takes back.
    add column undone_id uuid references {schema}.decision,
    -- Of a reorder: suggestions and additions, in the order in which they are reported.
    add column targets uuid[],
    -- Of an amend: what it sets; null leaves what was.
    add column modifiers text[],
    add column units integer check (units > 0),
    add column linked uuid[],
    add constraint decision_action check (
        action in ('accept', 'change', 'reject', 'add', 'amend', 'principal', 'reorder', 'undo')
    ),
    add constraint decision_target check (
        num_nonnulls(suggestion_id, addition_id) = case when action in ('add', 'reorder', 'undo') then 0 else 1 end
    ),
    add constraint decision_undone check ((action = 'undo') = (undone_id is not null)),
    add constraint decision_code check (
        num_nulls(system, code, display) = case when action in ('accept', 'change', 'add') then 0 else 3 end
    ),
    add constraint decision_reason check (reason is not null or action not in ('change', 'reject')),
    add constraint decision_order check ((action = 'reorder') = (targets is not null)),
    add constraint decision_amendment check (
        case action when 'amend' then num_nonnulls(on_admission, modifiers, units, linked) > 0
                    else num_nonnulls(modifiers, units, linked) = 0 end
    );
