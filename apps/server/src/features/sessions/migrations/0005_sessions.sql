create table sessions (
  id uuid primary key,
  person uuid not null references people,
  device text not null,
  address text not null,
  -- Where the refresh token goes: a cookie, or the reply.
  keep text not null check (keep in ('cookie', 'token')),
  -- The refresh token of this generation is the valid one; the one before is honoured for a moment.
  generation integer not null default 1,
  rotated_at timestamptz not null,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  ended_at timestamptz
);
create index sessions_person on sessions (person) where ended_at is null;
