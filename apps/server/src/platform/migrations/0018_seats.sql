-- A seat that a rule gives lasts as long as the rule: from this moment on its holder reads nothing any more. Null for as long as they like.
alter table members add column seated_until timestamptz;
-- The threads that rules look after.
create index conversations_supervised on conversations (id) where kind = 'thread' and policy = 'supervised';
