using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace StreamScorer.Operate.Otlp;

/// <summary>Sees every request to the collector and says in words why one failed; the exporter itself drops what it cannot send without a word.</summary>
internal sealed class OtlpWatch(string signal, OtlpReport report, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return Judge(base.Send(request, cancellationToken));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            report.Failed(signal, Why(e));
            throw;
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(cancellationToken); // the status of gRPC comes behind the content
            return Judge(response);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            report.Failed(signal, Why(e));
            throw;
        }
    }

    private HttpResponseMessage Judge(HttpResponseMessage response)
    {
        if ((Why(response.StatusCode) ?? WhyGrpc(response)) is { } why)
        {
            report.Failed(signal, why);
        }
        else
        {
            report.Delivered(signal);
        }

        return response;
    }

    private static string Why(Exception e) => (e as HttpRequestException)?.HttpRequestError switch
    {
        HttpRequestError.ConnectionError => $"{e.Message.TrimEnd('.')}. Start the collector, or correct Otlp:Endpoint.",
        HttpRequestError.NameResolutionError => "there is no such host. Correct Otlp:Endpoint.",
        HttpRequestError.SecureConnectionError => $"{(e.InnerException ?? e).Message.TrimEnd('.')}. Correct the scheme of Otlp:Endpoint, or trust the CA through SSL_CERT_FILE.",
        null => "no answer in time. Look at the collector, or raise Otlp:Timeout.",
        _ => $"what listens there does not speak the protocol ({e.Message.TrimEnd('.')}). Set Otlp:Protocol to Grpc for port 4317, to HttpProtobuf for port 4318.",
    };

    private static string? Why(HttpStatusCode status) => (int)status switch
    {
        >= 200 and < 300 => null,
        401 or 403 => $"it refuses our credentials (HTTP {(int)status}). Correct Otlp:Headers.",
        429 or 503 => $"it is overloaded (HTTP {(int)status}). Give the collector more room, or push less often.",
        var code => $"it answers HTTP {code}. Is Otlp:Endpoint a collector, and Otlp:Protocol the one of that port?",
    };

    private string? WhyGrpc(HttpResponseMessage response)
    {
        var status = Value(response.TrailingHeaders) ?? Value(response.Headers);
        return status switch
        {
            null or "0" => null,
            "7" or "16" => $"it refuses our credentials (gRPC status {status}). Correct Otlp:Headers.",
            "8" or "14" => $"it is overloaded (gRPC status {status}). Give the collector more room, or push less often.",
            _ => $"it answers gRPC status {(int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : -1)}. Give the collector a receiver for {signal}, or set Otlp:{(signal == "traces" ? "Traces" : "Metrics")} to false.",
        };
    }

    private static string? Value(HttpResponseHeaders headers) => headers.TryGetValues("grpc-status", out var values) ? values.FirstOrDefault() : null;
}
