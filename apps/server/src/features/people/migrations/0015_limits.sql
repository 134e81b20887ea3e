-- What is decided for everybody (features/instance): what differs from the defaults, by key as in the protocol.
alter table instance add column settings jsonb not null default '{}';

alter table people
  add column suspended_at timestamptz,
  -- Null for good.
  add column suspended_until timestamptz,
  -- Sealed.
  add column suspended_why bytea,
  -- The reset that may set a new password, once.
  add column password_reset uuid;

-- Who has blocked whom.
create table blocks (
  person uuid not null references people,
  blocked uuid not null references people,
  at timestamptz not null,
  primary key (person, blocked)
);
create index blocks_blocked on blocks (blocked);
