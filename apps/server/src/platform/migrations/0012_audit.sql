-- Who did what to what, when, from which device. Written in the transaction of the thing itself, never changed.
create table audit (
  place bigint primary key,
  at timestamptz not null,
  action text not null,
  actor uuid,
  session uuid,
  person uuid,
  conversation uuid,
  -- Sealed.
  detail bytea not null,
  -- SHA-256 over this record and the hash of the one before.
  hash bytea not null
);
create index audit_action on audit (action, place);
create index audit_actor on audit (actor, place);
create index audit_person on audit (person, place);
create index audit_conversation on audit (conversation, place);
create index audit_at on audit (at);

-- Where the chain stands. Its one row is the lock that gives the records their order.
create table audit_head (
  one boolean primary key default true check (one),
  place bigint not null,
  hash bytea not null
);
insert into audit_head (place, hash) values (0, '\x');

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit record is append-only';
end $$;
create trigger audit_append_only before update or delete or truncate on audit
  for each statement execute function audit_is_append_only();
