using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Exporter;

namespace StreamScorer.Tests.Operate.Otlp;

/// <summary>What a collector got.</summary>
internal sealed record OtlpPush(string Path, IReadOnlyDictionary<string, string> Headers, ProtoMessage Body, byte[] Raw);

/// <summary>A collector that keeps what it gets, or refuses it.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly OtlpExportProtocol _protocol;
    private readonly WebApplication _application;
    private readonly Channel<OtlpPush> _pushes = Channel.CreateUnbounded<OtlpPush>();

    private OtlpReceiver(OtlpExportProtocol protocol)
    {
        _protocol = protocol;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen
            => listen.Protocols = protocol == OtlpExportProtocol.Grpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        _application = builder.Build();
        _application.Run(AnswerAsync);
    }

    public string Url { get; private set; } = "";

    /// <summary>Answers with this HTTP status, and with gRPC by this status of gRPC's own.</summary>
    public int Refusal { get; set; }

    public static async Task<OtlpReceiver> StartAsync(OtlpExportProtocol protocol)
    {
        var receiver = new OtlpReceiver(protocol);
        await receiver._application.StartAsync();
        receiver.Url = receiver._application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return receiver;
    }

    public async Task<OtlpPush> NextAsync() => await _pushes.Reader.ReadAsync().AsTask().WaitAsync(Limit);

    public async Task<OtlpPush> NextAsync(Predicate<OtlpPush> match)
    {
        while (true)
        {
            if (await NextAsync() is var push && match(push))
            {
                return push;
            }
        }
    }

    /// <summary>What came so far and was not taken yet.</summary>
    public IReadOnlyList<OtlpPush> Received()
    {
        var pushes = new List<OtlpPush>();
        while (_pushes.Reader.TryRead(out var push))
        {
            pushes.Add(push);
        }

        return pushes;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var isGrpc = _protocol == OtlpExportProtocol.Grpc;
        if (Refusal == 0)
        {
            var headers = context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString());
            await _pushes.Writer.WriteAsync(new OtlpPush(context.Request.Path, headers, ProtoMessage.Parse(body.ToArray().AsSpan(isGrpc ? 5 : 0).ToArray()), body.ToArray()));
        }

        context.Response.StatusCode = isGrpc || Refusal == 0 ? 200 : Refusal;
        context.Response.ContentType = isGrpc ? "application/grpc" : "application/x-protobuf";
        if (isGrpc)
        {
            context.Response.DeclareTrailer("grpc-status");
            await context.Response.Body.WriteAsync(new byte[5]); // an empty answer, behind its length; the status comes after it
            context.Response.AppendTrailer("grpc-status", $"{Refusal}");
        }
    }
}
