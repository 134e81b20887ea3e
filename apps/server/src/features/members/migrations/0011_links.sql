-- Invitation links to groups and channels.

create table conversation_links (
  id uuid primary key,
  conversation uuid not null references conversations on delete cascade,
  created_by uuid not null references people,
  uses_left integer not null check (uses_left >= 0),
  expires_at timestamptz not null
);
create index conversation_links_conversation on conversation_links (conversation);

create table conversation_link_uses (
  link uuid not null references conversation_links on delete cascade,
  person uuid not null references people,
  primary key (link, person)
);
