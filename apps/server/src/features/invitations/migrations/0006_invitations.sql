create table invitations (
  id uuid primary key,
  -- SHA-256 of the token: what is stored does not open the door.
  token_hash bytea not null unique,
  role text not null check (role in ('admin', 'member')),
  uses_left integer not null check (uses_left >= 0),
  expires_at timestamptz not null,
  created_by uuid not null references people,
  created_at timestamptz not null
);
