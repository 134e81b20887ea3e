-- Pinned messages.

create table pins (
  conversation uuid not null references conversations on delete cascade,
  message uuid not null,
  -- Of the entry that pinned it.
  place bigint not null,
  primary key (conversation, message)
);

-- The right to pin, and from which rank on one may, as the append judges by it; 9 where nobody may.
update conversations set details = jsonb_set(details, '{rights,pin}', case kind when 'channel' then '"moderator"' else '"member"' end::jsonb)
  where details ? 'rights' and not details->'rights' ? 'pin';
alter table conversations add column pin_rank smallint not null default 1;
update conversations set pin_rank = case when post_rank = 9 then 9 when kind = 'channel' then 2 else 1 end;

-- As before, and: pins are judged by their own right, and like a message in everything but the pause of slow mode.
create or replace function append_entries(
  ids uuid[], conversations_ uuid[], senders uuid[], sessions uuid[], client_ids uuid[], kinds text[], targets uuid[],
  ats timestamptz[], bodies bytea[]
) returns table (
  ord bigint, verdict text, id uuid, conversation uuid, place bigint, at timestamptz, first_person uuid, second_person uuid
) language plpgsql
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
    select i.*, c.head, c.first_person, c.second_person, c.slow_seconds,
      e.id as earlier_id, e.place as earlier_place, e.at as earlier_at,
      case
        when e.id is not null and e.conversation = i.conversation then 'earlier'
        when e.id is not null then 'conflict'
        when i.kind not in ('message', 'edited', 'pinned') and c.id is not null then 'fresh'
        when m.person is null then 'not_found'
        when c.post_rank = 9 then 'closed'
        when i.kind = 'pinned' and (member_rank(m.role) < c.pin_rank or m.role = 'reader') then 'may_not_pin'
        when i.kind <> 'pinned' and (member_rank(m.role) < c.post_rank or m.role = 'reader') then 'may_not_post'
        when c.blocked then 'may_not_post'
        when m.silenced_until > i.at then 'silenced'
        when i.kind = 'message' and c.slow_seconds > 0 and m.role = 'member' and (
          m.last_post_at > i.at - make_interval(secs => c.slow_seconds)
          or row_number() over (partition by i.conversation, i.sender, i.kind order by i.ord) > 1
        ) then 'slow'
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
  ),
  posted as (
    update members m set last_post_at = j.at from judged j
    where j.verdict = 'fresh' and j.kind = 'message' and j.slow_seconds > 0 and m.conversation = j.conversation and m.person = j.sender
  )
  select j.ord, j.verdict, coalesce(j.earlier_id, j.id), j.conversation, coalesce(j.earlier_place, p.place),
    coalesce(j.earlier_at, j.at), j.first_person, j.second_person
  from judged j left join placed p on p.ord = j.ord
  order by j.ord;
end $$;
