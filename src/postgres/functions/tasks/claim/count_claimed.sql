-- Leaves a queue with a rate the tokens that a claim did not use; the claim has its row locked. Called by claim_tasks.
create or replace function plimsoll.count_claimed(p_queue text, p_tokens double precision) returns void
  language plpgsql volatile
  as $$
begin
  -- A claim that began earlier and waited does not count the same time again: another claim has counted it already.
  update plimsoll.task_queues q set tokens = p_tokens, refilled_at = greatest(q.refilled_at, plimsoll.now()) where q.queue = p_queue;
end $$;
