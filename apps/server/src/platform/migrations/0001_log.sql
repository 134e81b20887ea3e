-- The log: conversations, who is in them, and what was said, in gap-free places.

create table conversations (
  id uuid primary key,
  kind text not null check (kind in ('thread', 'group', 'channel')),
  policy text not null check (policy in ('private', 'supervised', 'managed')),
  title text,
  -- The two people of a thread, the lower id first once both are known; the second seat may be free.
  first_person uuid,
  second_person uuid,
  head bigint not null default 0,
  created_at timestamptz not null
);
-- One thread per pair.
create unique index conversations_pair on conversations (first_person, second_person) where second_person is not null;

create table members (
  conversation uuid not null references conversations,
  person uuid not null,
  role text not null check (role in ('owner', 'member', 'reader')),
  joined_at_place bigint not null,
  left_at_place bigint,
  read_place bigint not null default 0,
  -- What the others are told; stays behind read_place where the person does not share it.
  shown_read_place bigint not null default 0,
  delivered_place bigint not null default 0,
  primary key (conversation, person)
);
create index members_person on members (person) where left_at_place is null;

create table entries (
  conversation uuid not null references conversations,
  place bigint not null,
  id uuid not null,
  sender uuid not null,
  session uuid,
  client_id uuid not null,
  kind text not null,
  target uuid,
  at timestamptz not null,
  body bytea not null,
  primary key (conversation, place)
);
-- Exactly once: a retry finds the first, however late it comes.
create unique index entries_client_id on entries (sender, client_id);
create index entries_target on entries (conversation, target, place) where target is not null;

-- Appends many entries to many conversations, in one statement's time and one round trip.
-- Input rows are judged in their order: an earlier entry with the same sender and client id answers for a retry; somebody who is
-- not a member gets no hint that the conversation exists. The conversations are locked in the order of their ids, so that two
-- batches never wait for each other in a circle, and the second statement reads with a snapshot taken after the locks: it sees
-- every place, every membership and every client id that was committed before.
create function append_entries(
  ids uuid[], conversations_ uuid[], senders uuid[], sessions uuid[], client_ids uuid[], kinds text[], targets uuid[],
  ats timestamptz[], bodies bytea[]
) returns table (
  ord bigint, verdict text, id uuid, conversation uuid, place bigint, at timestamptz, first_person uuid, second_person uuid
) language plpgsql
-- The planner cannot know how few rows come in; a scan of all entries would be a disaster, a nested loop never is.
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  perform 1 from conversations c where c.id = any(conversations_) order by c.id for no key update;
  return query
  with input as (
    select * from unnest(ids, conversations_, senders, sessions, client_ids, kinds, targets, ats, bodies)
      with ordinality as i(id, conversation, sender, session, client_id, kind, target, at, body, ord)
  ),
  judged as (
    select i.*, c.head, c.first_person, c.second_person,
      e.id as earlier_id, e.place as earlier_place, e.at as earlier_at,
      case
        when e.id is not null and e.conversation = i.conversation then 'earlier'
        when e.id is not null then 'conflict'
        when m.person is null then 'not_found'
        when m.role = 'reader' then 'forbidden'
        else 'fresh'
      end as verdict
    from input i
    left join conversations c on c.id = i.conversation
    left join members m on m.conversation = i.conversation and m.person = i.sender and m.left_at_place is null
    left join entries e on e.sender = i.sender and e.client_id = i.client_id
  ),
  placed as (
    select j.ord, j.conversation, j.head + row_number() over (partition by j.conversation order by j.ord) as place
    from judged j where j.verdict = 'fresh'
  ),
  stored as (
    insert into entries (conversation, place, id, sender, session, client_id, kind, target, at, body)
    select j.conversation, p.place, j.id, j.sender, j.session, j.client_id, j.kind, j.target, j.at, j.body
    from judged j join placed p on p.ord = j.ord
  ),
  moved as (
    update conversations c set head = n.head
    from (select p.conversation, max(p.place) as head from placed p group by p.conversation) n
    where c.id = n.conversation
  )
  select j.ord, j.verdict, coalesce(j.earlier_id, j.id), j.conversation, coalesce(j.earlier_place, p.place),
    coalesce(j.earlier_at, j.at), j.first_person, j.second_person
  from judged j left join placed p on p.ord = j.ord
  order by j.ord;
end $$;
