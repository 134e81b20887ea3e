-- Invitations into the free seat of a thread. The signature is in the link; here is that it is used once.
create table thread_invitations (
  id uuid primary key,
  conversation uuid not null references conversations,
  expires_at timestamptz not null,
  used_by uuid references people
);

-- Who asked for a seat. Without a foreign key: asking for a thread that does not exist leaves the same trace.
create table seat_requests (
  conversation uuid not null,
  person uuid not null references people,
  at timestamptz not null,
  primary key (conversation, person)
);
create index seat_requests_person on seat_requests (person, at);
