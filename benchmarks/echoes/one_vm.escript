#!/usr/bin/env escript
%% Erlang, two processes of one virtual machine: escript one_vm.escript N TEXT -> microseconds as JSON.
-mode(compile).

main([N, Text]) ->
    Echo = spawn_link(fun echo/0),
    _ = [ask(Echo, Text) || _ <- lists:seq(1, 200)],
    Took = [io_lib:format("~.3f", [ask(Echo, Text) / 1000]) || _ <- lists:seq(1, list_to_integer(N))],
    io:format("[~s]~n", [lists:join(",", Took)]).

echo() ->
    receive {From, Ref, Text} -> From ! {Ref, Text}, echo() end.

ask(Echo, Text) ->
    Began = erlang:monotonic_time(nanosecond),
    Ref = make_ref(),
    Echo ! {self(), Ref, Text},
    receive {Ref, Text} -> erlang:monotonic_time(nanosecond) - Began after 10000 -> exit(no_answer) end.
