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
