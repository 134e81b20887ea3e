-- Messages to many: what was written, and how far it is with each who gets it.
create table bulks (
  id uuid primary key,
  sender uuid not null references people,
  session uuid,
  client_id uuid not null,
  -- Sealed: the text with its fields.
  text bytea not null,
  created_at timestamptz not null,
  cancelled_at timestamptz,
  unique (sender, client_id)
);
create index bulks_sender on bulks (sender, id);

create table bulk_recipients (
  bulk uuid not null references bulks,
  person uuid not null references people,
  state text not null check (state in ('waiting', 'sent', 'refused', 'cancelled')),
  -- Until then the person is left in peace.
  due_at timestamptz not null,
  -- The client id of the message, chosen beforehand: whatever happens, there is one.
  client_id uuid not null,
  why text,
  conversation uuid,
  place bigint,
  primary key (bulk, person)
);
create index bulk_recipients_waiting on bulk_recipients (due_at, bulk) where state = 'waiting';
