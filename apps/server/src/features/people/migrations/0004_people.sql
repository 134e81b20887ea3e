create table people (
  id uuid primary key,
  name text not null unique,
  display_name text not null,
  status text not null default '',
  time_zone text not null default '',
  -- Names the stored picture; changes with it.
  picture text,
  role text not null check (role in ('admin', 'member')),
  password_hash text not null,
  created_at timestamptz not null
);
create index people_name_prefix on people (name text_pattern_ops);
create index people_display_name_prefix on people (lower(display_name) text_pattern_ops);
