#!/usr/bin/env escript
%% Erlang, two nodes on loopback, which find each other by the port in ERL_FLAGS and need no epmd.
%% escript two_nodes.escript echo answers until its input ends; escript two_nodes.escript N TEXT -> microseconds as JSON.
%% Both have the same HOME, where Erlang makes the cookie that they share.
-mode(compile).
-define(ECHO, 'echo@127.0.0.1').

main(["echo"]) ->
    node_up(?ECHO),
    register(echo, spawn_link(fun echo/0)),
    io:format("up~n"),
    eof = io:get_line("");
main([N, Text]) ->
    node_up('asks@127.0.0.1'),
    true = net_kernel:connect_node(?ECHO),
    _ = [ask(Text) || _ <- lists:seq(1, 200)],
    Took = [io_lib:format("~.3f", [ask(Text) / 1000]) || _ <- lists:seq(1, list_to_integer(N))],
    io:format("[~s]~n", [lists:join(",", Took)]).

node_up(Name) ->
    {ok, _} = net_kernel:start(Name, #{name_domain => longnames}).

echo() ->
    receive {From, Ref, Text} -> From ! {Ref, Text}, echo() end.

ask(Text) ->
    Began = erlang:monotonic_time(nanosecond),
    Ref = make_ref(),
    {echo, ?ECHO} ! {self(), Ref, Text},
    receive {Ref, Text} -> erlang:monotonic_time(nanosecond) - Began after 10000 -> exit(no_answer) end.
