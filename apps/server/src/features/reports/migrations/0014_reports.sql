-- What moderators deleted, kept for review: the log has it no more.
create table kept_messages (
  message uuid primary key,
  conversation uuid not null references conversations on delete cascade,
  sender uuid not null references people,
  deleted_by uuid not null references people,
  at timestamptz not null,
  -- Sealed: the text and the reason.
  content bytea not null
);
create index kept_messages_conversation on kept_messages (conversation);

create table reports (
  id uuid primary key,
  at timestamptz not null,
  -- Null where the word filter made it.
  reporter uuid references people,
  person uuid not null references people,
  -- Without foreign keys: a report outlives what it is about.
  conversation uuid not null,
  message uuid,
  reason text not null,
  -- Sealed: the note, and what was reported as it was then.
  content bytea not null,
  -- Null while it is open.
  decision text,
  decided_by uuid references people,
  decided_at timestamptz,
  decided_until timestamptz,
  -- Sealed.
  decided_note bytea
);
create index reports_open on reports (id) where decision is null;
create index reports_decided on reports (id) where decision is not null;
create index reports_person on reports (person, id);
-- Who reports a message twice has one open report of it.
create unique index reports_once on reports (reporter, message) where decision is null;
